import { type Code, FleetError } from '@edgewise/protocol';
import type { Clock } from './clock.ts';
import { type Executors, execute } from './execute.ts';
import { afterFailure, refusalAfter } from './failure.ts';
import { defaultRetry, type RetryPolicy, retryMs } from './retry.ts';
import type { Action, Step } from './step.ts';

/** How a round ended. */
export type Outcome =
  | { readonly kind: 'converged' }
  | { readonly kind: 'waiting'; readonly code: Code; readonly detail: string }
  | {
      readonly kind: 'failed';
      readonly step: Action;
      readonly error: FleetError;
      readonly retryMs: number;
    }
  | { readonly kind: 'canceled' };

/** What a loop tells while it works. */
export type LoopEvent =
  | { readonly kind: 'started'; readonly step: Action }
  | { readonly kind: 'done'; readonly step: Action; readonly durationMs: number }
  | {
      readonly kind: 'failed';
      readonly step: Action;
      readonly durationMs: number;
      readonly error: FleetError;
    }
  | { readonly kind: 'rested'; readonly outcome: Outcome };

interface LoopParts {
  /** The steps that are due now; pure and cheap, since every trigger asks again. */
  plan(): readonly Step[];
  readonly executors: Executors;
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry?: RetryPolicy;
  onEvent(event: LoopEvent): void;
}

/**
 * Plans, executes the first step, plans again. Invariants: one step at a time; a step that is no
 * longer part of the plan is aborted by the next trigger; a failed step is tried again after a
 * growing pause, or its bundle refused when trying again cannot help.
 */
export interface Loop {
  /** Something changed: plan again, at once. */
  trigger(): void;
  /** Runs steps until nothing can be done now. */
  settle(signal: AbortSignal): Promise<Outcome>;
  /** Settles, rests, and settles again at each trigger until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** Builds the reconciling loop. */
export function createLoop(parts: LoopParts): Loop {
  const { clock, executors, onEvent } = parts;
  const failures = new Map<string, number>();
  let running: { readonly step: Action; readonly abort: AbortController } | undefined;
  let wake: (() => void) | undefined;
  let triggered = false;

  async function attempt(step: Action, signal: AbortSignal): Promise<Outcome | undefined> {
    const abort = new AbortController();
    running = { step, abort };
    onEvent({ kind: 'started', step });
    const beganMs = clock.nowMs();
    const elapsedMs = () => Math.max(0, Math.round(clock.nowMs() - beganMs));
    try {
      await execute(executors, step, AbortSignal.any([signal, abort.signal]));
      failures.delete(keyOf(step));
      onEvent({ kind: 'done', step, durationMs: elapsedMs() });
      return undefined;
    } catch (thrown) {
      if (signal.aborted) return { kind: 'canceled' };
      if (abort.signal.aborted) return undefined;
      const error = FleetError.from(thrown);
      onEvent({ kind: 'failed', step, durationMs: elapsedMs(), error });
      return await afterwards(step, error, signal);
    } finally {
      running = undefined;
    }
  }

  async function afterwards(
    step: Action,
    error: FleetError,
    signal: AbortSignal,
  ): Promise<Outcome | undefined> {
    const count = (failures.get(keyOf(step)) ?? 0) + 1;
    failures.set(keyOf(step), count);
    if (afterFailure(step, error, { attempt: count }) === 'refuse') {
      failures.delete(keyOf(step));
      return await attempt(refusalAfter(step, error), signal);
    }
    const pauseMs = retryMs(parts.retry ?? defaultRetry, count, { random: parts.random });
    return { kind: 'failed', step, error, retryMs: pauseMs };
  }

  async function settle(signal: AbortSignal): Promise<Outcome> {
    while (!signal.aborted) {
      triggered = false;
      const [step] = parts.plan();
      if (step === undefined) return { kind: 'converged' };
      if (step.name === 'wait') {
        return { kind: 'waiting', code: step.code, detail: step.detail };
      }
      const outcome = await attempt(step, signal);
      if (outcome !== undefined) return outcome;
    }
    return { kind: 'canceled' };
  }

  async function rest(durationMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (triggered || signal.aborted) return;
    const over = new AbortController();
    wake = () => over.abort();
    const either = AbortSignal.any([signal, over.signal]);
    await (durationMs === undefined ? aborted(either) : slept(clock, durationMs, either));
    wake = undefined;
  }

  return {
    trigger() {
      triggered = true;
      wake?.();
      if (running !== undefined && !isPlanned(running.step, parts.plan())) running.abort.abort();
    },
    settle,
    async run(signal) {
      while (!signal.aborted) {
        const outcome = await settle(signal);
        onEvent({ kind: 'rested', outcome });
        await rest(outcome.kind === 'failed' ? outcome.retryMs : undefined, signal);
      }
    },
  };
}

const keyOf = (step: Step): string => JSON.stringify(step);

function isPlanned(step: Action, steps: readonly Step[]): boolean {
  return step.name === 'refuseBundle' || steps.some((planned) => keyOf(planned) === keyOf(step));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function slept(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch {
    // An aborted pause is how a trigger ends it.
  }
}
