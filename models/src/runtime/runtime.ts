import type { DType, Tensor } from '../tensor/tensor.ts';

/**
 * Something that runs ONNX graphs. Owned by what runs them: trainer, calibrator, agent.
 *
 * Promises of every implementation, checked by `describeRuntime`:
 * `load` rejects with `malformed` for bytes that are no model and `unsupported` for an unknown
 * operator; runs of one session may overlap; `run` rejects with `invalid-argument` for missing,
 * surplus or wrongly shaped feeds, and the session stays usable; an aborted signal rejects with
 * `canceled`; disposing twice is harmless, and a disposed session rejects with `unavailable`.
 */
export interface Runtime {
  readonly name: string;
  /** Version of the engine and instruction set: runs are bit-equal only within one. */
  readonly build: string;
  load(model: Uint8Array, options?: LoadOptions): Promise<Session>;
}

/** How a model is to be prepared. */
export interface LoadOptions {
  /** Threads within one operator; 0 lets the engine choose, default 1. */
  readonly threads?: number;
  /** `none` runs the graph as it is written; default `all`. */
  readonly optimise?: 'none' | 'basic' | 'all';
  readonly signal?: AbortSignal;
}

/** A model that is ready to run. */
export interface Session extends AsyncDisposable {
  readonly inputs: readonly SessionValue[];
  readonly outputs: readonly SessionValue[];
  /** `outputs` names what is wanted; default all. */
  run(feeds: Feeds, options?: RunOptions): Promise<Feeds>;
}

/** Tensors by the names of inputs or outputs. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** What is wanted of one run; default every output. */
export interface RunOptions {
  readonly outputs?: readonly string[];
  /**
   * Tensors of the outputs' types and sizes that are filled and given back, so that a run repeated often
   * allocates nothing; they must not be feeds of the same run. Other outputs get fresh tensors.
   */
  readonly into?: Feeds;
  readonly signal?: AbortSignal;
}

/** Name and type of an input or output; a symbolic or unknown size is `undefined`. */
export interface SessionValue {
  readonly name: string;
  readonly dtype: DType;
  /** `[]` is a scalar, or a value whose rank the file does not say. */
  readonly dims: readonly (number | undefined)[];
}
