import { type PipelineStep, pipelineSteps } from '@edgewise/protocol/http';
import type { Done } from './step-results.ts';
import type { StepContext } from './steps/context.ts';
import { steps } from './steps/steps.ts';

/** What is told around the steps. */
export interface StepLog {
  started(step: PipelineStep): void;
  /** Resolves when the result (a blob) is written down; the next step starts afterwards. */
  finished(step: PipelineStep, result: string): Promise<void>;
}

/** Runs what is not done yet, in order. Results go to blobs as JSON; `results` names those there are. */
export async function runSteps(
  context: StepContext,
  results: Readonly<Partial<Record<PipelineStep, string>>>,
  log: StepLog,
): Promise<void> {
  const { blobs } = context;
  const done: Partial<Record<PipelineStep, unknown>> = {};
  for (const step of pipelineSteps) {
    const known = results[step];
    if (known !== undefined) {
      done[step] = JSON.parse(new TextDecoder().decode(await blobs.get(known)));
      continue;
    }
    context.signal.throwIfAborted();
    log.started(step);
    const result = await steps[step](context, done as Required<Done>);
    done[step] = result;
    await log.finished(step, await blobs.put(new TextEncoder().encode(JSON.stringify(result))));
  }
}
