import type { Code } from '@edgewise/protocol';
import type { Metric, PipelineStep } from '@edgewise/protocol/http';
import type { TrainerEngine } from './trainer.ts';
import type { WorkOrder } from './worker/messages.ts';

/** What a worker tells while it works. Promises resolve when it is written down. */
export interface WorkListener {
  step(step: PipelineStep): void;
  progress(progress: number, imagesPerSecond: number | undefined): void;
  metric(metric: Metric): void;
  trainer(engine: TrainerEngine): void;
  checkpoint(digest: string): Promise<void>;
  result(step: PipelineStep, digest: string): Promise<void>;
  /** Signs, or rejects with `forbidden`. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** How a piece of work ended. `unavailable`: the worker itself was lost, and may be tried again. */
export type WorkOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: Code; readonly detail: string };

/**
 * Runs jobs somewhere else than in the hub's event loop. Owned by `createPipeline`. Promise: an
 * aborted signal ends the work, and `run` resolves in every case.
 */
export interface Worker<Order = WorkOrder> {
  run(order: Order, listener: WorkListener, signal: AbortSignal): Promise<WorkOutcome>;
}
