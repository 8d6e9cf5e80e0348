import { arrays, type DataOf, type DType } from '../tensor/tensor.ts';

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
  const ready = mustCopy(bytes, { width, bigEndian }) ? bytes.slice() : bytes;
  if (bigEndian && width > 1) swap(ready, width);
  return new array(ready.buffer as ArrayBuffer, ready.byteOffset, ready.length / width);
}

function mustCopy(
  bytes: Uint8Array,
  { width, bigEndian }: { readonly width: number; readonly bigEndian: boolean },
): boolean {
  return (bigEndian && width > 1) || bytes.byteOffset % width !== 0;
}

function swap(bytes: Uint8Array, width: number): void {
  for (let start = 0; start < bytes.length; start += width) {
    bytes.subarray(start, start + width).reverse();
  }
}
