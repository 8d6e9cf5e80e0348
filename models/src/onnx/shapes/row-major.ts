import type { Dim, Known } from './known.ts';

/** What is taken along one axis. */
export interface Cut {
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** How many elements sizes span, when all are known. */
export function countOf(dims: readonly Dim[]): number | undefined {
  let count = 1;
  for (const size of dims) {
    if (typeof size !== 'number') return undefined;
    count *= size;
  }
  return count;
}

/** The numbers of a part, in row-major order: for each axis what it takes. */
export function select(
  value: NonNullable<Known['value']>,
  dims: readonly Dim[],
  cuts: readonly Cut[],
): Known['value'] {
  if (countOf(dims) !== value.length) return undefined;
  let positions = [0];
  for (const [axis, { start, step, length }] of cuts.entries()) {
    const steps = Array.from({ length }, (_, index) => start + index * step);
    positions = positions.flatMap((before) => steps.map((at) => before * Number(dims[axis]) + at));
  }
  return positions.map((position) => value[position]);
}

/** The numbers with their axes in another order. */
export function turn(
  value: NonNullable<Known['value']>,
  dims: readonly Dim[],
  order: readonly number[],
): Known['value'] {
  if (countOf(dims) !== value.length) return undefined;
  const stride = (axis: number): number => countOf(dims.slice(axis + 1)) ?? 0;
  let positions = [0];
  for (const axis of order) {
    const steps = Array.from({ length: Number(dims[axis]) }, (_, at) => at * stride(axis));
    positions = positions.flatMap((before) => steps.map((step) => before + step));
  }
  return positions.map((position) => value[position]);
}
