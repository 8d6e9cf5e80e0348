import type { Initializer, ValueInfo } from '../graph.ts';

/** A size: a number, a symbol such as `batch`, or unknown. */
export type Dim = number | string | undefined;

/** What is known of a value before anything runs. */
export interface Known {
  readonly dtype: ValueInfo['dtype'];
  readonly dims: readonly Dim[] | undefined;
  /**
   * The numbers of a small integer tensor in row-major order, as far as they are known: what
   * `Shape` gives and `Reshape` takes.
   */
  readonly value?: readonly Dim[] | undefined;
}

/** Nothing is known. */
export const unknown: Known = { dtype: undefined, dims: undefined };

/** Longer lists of integers are weights, not sizes. */
export const maxValueLength = 1024;

/** What a constant is, with its numbers where they may be sizes. */
export function knownConstant({ dtype, dims, data }: Initializer): Known {
  const sizes = (dtype === 'int64' || dtype === 'int32') && data.length <= maxValueLength;
  const value = sizes ? Array.from(data as BigInt64Array, Number) : undefined;
  return { dtype, dims, value };
}
