import type { Code } from '@edgewise/protocol';
import type { Metric, PipelineStep } from '@edgewise/protocol/http';
import type { TrainerEngine } from '../trainer.ts';

/** What a worker is asked to do. */
export interface WorkOrder {
  /** Folder of the blob store that hub and worker share. */
  readonly blobFolder: string;
  /** Digest of the job. */
  readonly job: string;
  /** Digests of the results there are. */
  readonly results: Readonly<Partial<Record<PipelineStep, string>>>;
  readonly checkpoint?: string;
  /** PEM of the key that the hub signs with; the private half stays there. */
  readonly publicKeyPem: string;
}

/** What a worker is asked to do for a trial of a sweep. */
export interface TrialOrder {
  readonly blobFolder: string;
  /** Blob of the trial's recipe. */
  readonly recipe: string;
  readonly snapshot: string;
  readonly seed: number;
  readonly threads: number;
  /** Epochs that the trial is to have trained in all. */
  readonly epochs: number;
  /** Trains on for few bits, and judges what devices will compute. */
  readonly forFewBits?: boolean;
  readonly checkpoint?: string;
}

/** From hub to worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly order: WorkOrder | TrialOrder }
  | { readonly kind: 'cancel' }
  /** Answers the message with this number. */
  | { readonly kind: 'written'; readonly id: number }
  | { readonly kind: 'signed'; readonly id: number; readonly signature: Uint8Array }
  | { readonly kind: 'refused'; readonly id: number; readonly detail: string };

/** From worker to hub. Messages with an `id` wait for an answer. */
export type FromWorker =
  | { readonly kind: 'step'; readonly step: PipelineStep }
  | {
      readonly kind: 'progress';
      readonly progress: number;
      readonly imagesPerSecond?: number | undefined;
    }
  | { readonly kind: 'metric'; readonly metric: Metric }
  | { readonly kind: 'trainer'; readonly engine: TrainerEngine }
  | { readonly kind: 'checkpoint'; readonly id: number; readonly digest: string }
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly step: PipelineStep;
      readonly digest: string;
    }
  | { readonly kind: 'sign'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: Code; readonly detail: string };
