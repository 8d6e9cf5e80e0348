import type { DataOf, DType } from '../tensor/tensor.ts';

interface Layout {
  readonly dtype: DType;
  readonly bigEndian: boolean;
}

/**
 * Elements that stand in bytes, viewed where alignment and byte order allow, else copied;
 * `undefined` when the bytes do not come out even.
 */
export function elementsOf(
  bytes: Uint8Array,
  { dtype, bigEndian }: Layout,
): DataOf[DType] | undefined {
  const array = arrays[dtype];
  const width = array.BYTES_PER_ELEMENT;
  if (bytes.length % width !== 0) return undefined;
  const ready = mustCopy(bytes, width, bigEndian) ? bytes.slice() : bytes;
  if (bigEndian && width > 1) swap(ready, width);
  return new array(ready.buffer as ArrayBuffer, ready.byteOffset, ready.length / width);
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
} as const;

function mustCopy(bytes: Uint8Array, width: number, bigEndian: boolean): boolean {
  return (bigEndian && width > 1) || bytes.byteOffset % width !== 0;
}

function swap(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) {
    bytes.subarray(start, start + width).reverse();
  }
}
