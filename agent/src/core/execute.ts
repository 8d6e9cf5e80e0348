import type { Action, StepOf } from './step.ts';

/** One thin function per step that changes something; each fails with a `FleetError`. */
export type Executors = {
  readonly [N in Action['name']]: (step: StepOf<N>, signal: AbortSignal) => Promise<void>;
};

/** Carries out one step. */
export function execute(executors: Executors, step: Action, signal: AbortSignal): Promise<void> {
  // The name that selects the function also decides the type of its argument.
  const run = executors[step.name] as (step: Action, signal: AbortSignal) => Promise<void>;
  return run(step, signal);
}
