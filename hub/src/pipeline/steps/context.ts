import type { Signer } from '@edgewise/models/bundle';
import type { Runtime } from '@edgewise/models/runtime';
import type { ModelRecipe } from '@edgewise/models/train';
import type { DeviceClass } from '@edgewise/protocol';
import type { Metric } from '@edgewise/protocol/http';
import type { BlobStore } from '../../store/blobs.ts';
import type { Job } from '../job.ts';
import type { Done } from '../step-results.ts';
import type { Trainer, TrainerEngine } from '../trainer.ts';
import type { TrainingData } from '../training-data.ts';

/** What steps work with. */
export interface StepContext {
  readonly job: Job;
  /** Digest of the job. */
  readonly jobDigest: string;
  readonly recipe: ModelRecipe;
  readonly blobs: BlobStore;
  readonly runtime: Runtime;
  /** The trainer that the recipe asks for; loaded on first use. */
  trainer(): Promise<Trainer>;
  readonly signer: Signer;
  /** The class of the machine that the pipeline runs on. */
  readonly host: DeviceClass;
  /** Read on first use. */
  data(): Promise<TrainingData>;
  readonly report: StepReports;
  /** Where an interrupted training left off. */
  readonly checkpoint: string | undefined;
  readonly signal: AbortSignal;
}

/** What a step says while it works. */
export interface StepReports {
  /** Share of the step that is done, 0 to 1. */
  progress(share: number, imagesPerSecond?: number): void;
  metric(metric: Metric): void;
  /** What the training computes with. */
  trainer(engine: TrainerEngine): void;
  /** Resolves when the checkpoint is written down. */
  checkpoint(digest: string): Promise<void>;
}

/** One step: from what was done before to its own result. */
export type StepWork<R> = (context: StepContext, done: Required<Done>) => Promise<R>;
