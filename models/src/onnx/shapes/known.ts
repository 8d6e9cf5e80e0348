import type { Initializer, ValueInfo } from '../graph.ts';

/** A size: a number, a symbol such as `batch`, or unknown. */
export type Dim = number | string | undefined;

/** What is known of a value before anything runs. */
export interface Known {
  readonly dtype: ValueInfo['dtype'];
  readonly dims: readonly Dim[] | undefined;
  /**
   * The numbers of a small tensor in row-major order, as far as they are known: what `Shape` gives
   * and `Reshape` takes.
   */
  readonly value?: readonly Dim[] | undefined;
}

/** Nothing is known. */
export const unknown: Known = { dtype: undefined, dims: undefined };

/** Longer lists are weights, no sizes. */
export const maxValueLength = 1024;

/** Sizes are scaled by a few numbers at most. */
const maxFractions = 16;

/** What a constant is, with its numbers where they may have to do with sizes. */
export function knownConstant({ dtype, dims, data }: Initializer): Known {
  const most = dtype === 'float32' ? maxFractions : maxValueLength;
  const counts = dtype === 'int64' || dtype === 'int32' || dtype === 'bool' || dtype === 'float32';
  const value =
    counts && data.length <= most ? Array.from(data as BigInt64Array, Number) : undefined;
  return { dtype, dims, value };
}
