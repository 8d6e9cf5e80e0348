import type { Tensor } from '../../tensor/tensor.ts';

/**
 * Calls `visit` for each stretch of row-major positions [from, to) that lies in one slice along the
 * axis; without an axis the whole tensor is slice 0.
 */
export function eachRun(
  dims: readonly number[],
  axis: number | undefined,
  visit: (slice: number, from: number, to: number) => void,
): void {
  const size = productOf(dims);
  if (axis === undefined) {
    visit(0, 0, size);
    return;
  }
  const count = dims[axis] ?? 1;
  const length = productOf(dims.slice(axis + 1));
  for (let from = 0, slice = 0; from < size; from += length) {
    visit(slice, from, from + length);
    slice = slice + 1 === count ? 0 : slice + 1;
  }
}

/** The least and the greatest number of each slice along the axis. */
export function extremes(
  { dims, data }: Tensor<'float32'>,
  axis: number | undefined,
): { readonly least: Float32Array; readonly greatest: Float32Array } {
  const count = axis === undefined ? 1 : (dims[axis] ?? 1);
  const least = new Float32Array(count).fill(Infinity);
  const greatest = new Float32Array(count).fill(-Infinity);
  eachRun(dims, axis, (slice, from, to) => {
    let low = least[slice] ?? Infinity;
    let high = greatest[slice] ?? -Infinity;
    for (let at = from; at < to; at++) {
      const value = data[at] ?? 0;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    least[slice] = low;
    greatest[slice] = high;
  });
  return { least, greatest };
}

function productOf(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}
