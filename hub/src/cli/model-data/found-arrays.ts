import type { Tensor } from '@edgewise/models/tensor';

/** Arrays as they were found, still by their own names and in their own shapes. */
export interface FoundArrays {
  readonly arrays: ReadonlyMap<string, Tensor>;
  readonly labels?: ArrayLike<number | bigint>;
  /** They are inputs already, to the last size. */
  readonly fitted?: boolean;
}
