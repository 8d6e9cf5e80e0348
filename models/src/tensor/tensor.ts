/**
 * A dense array in row-major order: the one shape in which numbers travel between data sets,
 * graphs, trainers and runtimes. It owns nothing and does nothing, so every part can build one.
 */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  /** Sizes, outermost first; `[]` is a scalar. Their product is `data.length`. */
  readonly dims: readonly number[];
  readonly data: DataOf[D];
}

/** Element types that edge models use; names follow ONNX Runtime's JavaScript API. */
export const dtypes = [
  'float32',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
] as const;
export type DType = (typeof dtypes)[number];

/** The JavaScript array that holds each element type; `bool` is one byte, 0 or 1. */
export interface DataOf {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  readonly bool: Uint8Array;
}

/** Constructors of the arrays that hold each element type. */
export const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies {
  readonly [D in DType]: new (
    buffer: ArrayBuffer,
    offset: number,
    length: number,
  ) => DataOf[D];
};

/** Joins a type, its sizes and its numbers. Throws `RangeError` when they disagree. */
export function tensor<D extends DType>(
  dtype: D,
  dims: readonly number[],
  data: DataOf[D],
): Tensor<D> {
  if (elementCount(dims) !== data.length) {
    throw new RangeError(`A tensor of [${dims.join(', ')}] cannot hold ${data.length} elements.`);
  }
  return { dtype, dims, data };
}

/** How many elements sizes span; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}
