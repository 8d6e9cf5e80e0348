import type { NetworkName } from './networks.ts';

/** One that trains: an engine in one mode with a number of threads. */
export interface Side {
  readonly name: string;
  readonly threads: 1 | 2;
  /** How many times slower than the others it may be: it then measures that many fewer images. */
  readonly slower?: number;
  /** Batch sizes to choose from; default those of the network. */
  readonly batchSizes?: readonly number[];
  /** Images per second, from the median step. */
  measure(work: Measurement): Promise<number>;
}

/** What a side is to train. */
export interface Measurement {
  readonly network: NetworkName;
  readonly batchSize: number;
  readonly steps: number;
}
