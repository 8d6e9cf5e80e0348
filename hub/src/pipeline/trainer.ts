import type {
  FineTuneOptions,
  TrainerName,
  TrainOptions,
  TrainResult,
} from '@edgewise/models/train';

/** What a trainer computes with, for people. */
export interface TrainerEngine {
  readonly trainer: TrainerName;
  /** The library: `onnxruntime`, `tfjs-node` or `tfjs`, which is plain JavaScript. */
  readonly library: string;
  /** Why this one. */
  readonly reason: string;
  /** Version of the engine and instruction set, where it is known. */
  readonly build?: string;
}

/** What a trainer is asked to do. */
export type TrainRequest = Omit<TrainOptions, 'runtime' | 'stepWith'>;

/** What a trainer is asked to do with an imported model. */
export type TuneRequest = Omit<FineTuneOptions, 'runtime' | 'stepWith'>;

/**
 * Trains recipes. Promises, whatever the engine: the result is the ONNX graph that the recipe
 * describes, with its own input scaling, its outputs and the names of its weights; batches,
 * augmentation, dropout, schedule, class weights and early stopping follow the recipe and its seed;
 * the same request on the same engine gives the same bytes, from its beginning or from a checkpoint
 * of that engine; an aborted signal rejects with `canceled`. A recipe that the engine cannot follow
 * rejects with `unsupported` naming the layer, before anything is trained.
 */
export interface Trainer {
  readonly engine: TrainerEngine;
  train(request: TrainRequest): Promise<TrainResult>;
  /** Trains an imported model further, with the same promises; absent where the engine cannot. */
  readonly tune?: (request: TuneRequest) => Promise<TrainResult>;
}
