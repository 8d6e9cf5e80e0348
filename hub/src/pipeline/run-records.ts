import type { Metric, PipelineStep, Run } from '@edgewise/protocol/http';

/** A run with what its steps have left behind. */
export interface RunRecord {
  /** Without metrics; those are kept one by one. */
  readonly run: Run;
  /** The version that a retraining starts from. */
  readonly champion: number | null;
  /** Blob of the job; `null` before it has begun. */
  readonly job: string | null;
  /** Blobs of the results there are. */
  readonly results: Readonly<Partial<Record<PipelineStep, string>>>;
  /** Blob of the training's last checkpoint. */
  readonly checkpoint: string | null;
}

/** Where runs are written down. Owned by `createPipeline`. Promise: what resolved is durable. */
export interface RunRecords {
  put(record: RunRecord): Promise<void>;
  find(run: string): Promise<RunRecord | undefined>;
  /** Newest first. */
  list(limit: number): Promise<readonly RunRecord[]>;
  /** Queued and running ones, oldest first. */
  open(): Promise<readonly RunRecord[]>;
  /** The same step once more replaces its point. */
  addMetric(run: string, metric: Metric): Promise<void>;
  metrics(run: string): Promise<readonly Metric[]>;
}
