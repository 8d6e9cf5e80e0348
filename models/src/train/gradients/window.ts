import type { OperatorCall } from './rule.ts';
import { integersOf, range, textOf } from './write.ts';

/** How a convolution or pool moves its window over the inner (spatial) axes of `[N, C, ...]`. */
export interface WindowGeometry {
  /** Input, output and window sizes per spatial axis. */
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Cells added before the first input cell. */
  readonly before: readonly number[];
  /** Cells that the windows reach beyond the last input cell; negative when some input is never seen. */
  readonly after: readonly number[];
  /** Numbers of the spatial axes: 2, 3 ... */
  readonly axes: readonly number[];
}

/** What the geometry of a node is read from. */
export type WindowCall = Pick<OperatorCall, 'attributes' | 'inputs' | 'outputs' | 'dims'>;

/** Reads the geometry of a node; `auto_pad` is resolved as the operators' specification says. */
export function windowGeometry(call: WindowCall, kernel: readonly number[]): WindowGeometry {
  const { attributes } = call;
  const input = call.dims(call.inputs[0] ?? '').slice(2);
  const output = call.dims(call.outputs[0] ?? '').slice(2);
  const spatial = kernel.length;
  const strides = integersOf(attributes, 'strides') ?? Array<number>(spatial).fill(1);
  const dilations = integersOf(attributes, 'dilations') ?? Array<number>(spatial).fill(1);
  const reach = range(spatial).map(
    (axis) =>
      (at(output, axis) - 1) * at(strides, axis) +
      (at(kernel, axis) - 1) * at(dilations, axis) +
      1 -
      at(input, axis),
  );
  const before = padsBefore(call, reach);
  const after = reach.map((total, axis) => total - at(before, axis));
  const axes = range(spatial).map((axis) => axis + 2);
  return { input, output, kernel, strides, dilations, before, after, axes };
}

function padsBefore(
  call: Pick<OperatorCall, 'attributes'>,
  reach: readonly number[],
): readonly number[] {
  const mode = textOf(call.attributes, 'auto_pad', 'NOTSET');
  if (mode === 'SAME_UPPER') return reach.map((total) => Math.floor(Math.max(0, total) / 2));
  if (mode === 'SAME_LOWER') return reach.map((total) => Math.ceil(Math.max(0, total) / 2));
  const pads = mode === 'VALID' ? undefined : integersOf(call.attributes, 'pads');
  return pads?.slice(0, reach.length) ?? reach.map(() => 0);
}

/** Amounts for `Pad` on `[N, C, ...]`, so that every window lies inside. */
export function paddingOf({ before, after }: WindowGeometry): readonly number[] {
  return [0, 0, ...before, 0, 0, ...after.map((amount) => Math.max(0, amount))];
}

/** Each cell of the window as an offset per axis, in row-major order. */
export function windowCells(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (cells, size) => cells.flatMap((cell) => range(size).map((offset) => [...cell, offset])),
    [[]],
  );
}

/** What the given cell of every window sees, as a range over the padded input. */
export function cellRange(geometry: WindowGeometry, cell: readonly number[]) {
  const { dilations, strides, output, axes } = geometry;
  const start = cell.map((offset, axis) => offset * at(dilations, axis));
  const end = start.map((first, axis) => first + (at(output, axis) - 1) * at(strides, axis) + 1);
  return { start, end, axes, steps: strides };
}

/** The number of the input cell that a window cell sees from an output place; `undefined` in the padding. */
export function cellSeen(
  { input, strides, dilations, before }: WindowGeometry,
  cell: readonly number[],
  place: readonly number[],
): number | undefined {
  let index = 0;
  for (const [axis, size] of input.entries()) {
    const along = at(place, axis) * at(strides, axis) + at(cell, axis) * at(dilations, axis);
    const position = along - at(before, axis);
    if (position < 0 || position >= size) return undefined;
    index = index * size + position;
  }
  return index;
}

/** Whether the window sees every input cell exactly once. */
export function tiles(geometry: WindowGeometry): boolean {
  return geometry.kernel.every(
    (size, axis) =>
      size === geometry.strides[axis] &&
      geometry.dilations[axis] === 1 &&
      geometry.before[axis] === 0 &&
      geometry.after[axis] === 0,
  );
}

/** An element that is known to exist. */
export function at(list: readonly number[], index: number): number {
  return list[index] ?? 0;
}
