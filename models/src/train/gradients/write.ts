/** Short forms of the nodes that most rules write. All exist in opsets 13 to 21 in this form. */
import { type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import type { Attribute } from '../../onnx/graph.ts';

/** The value with other sizes, under a name of its own if one is given. */
export function reshape(
  graph: GraphBuilder,
  value: string,
  dims: readonly number[],
  name?: { readonly output: string },
): string {
  // A zero would otherwise stand for the size that the value has there.
  const attributes = dims.includes(0) ? { allowzero: int(1) } : {};
  return graph.op('Reshape', [value, graph.ints(dims)], { attributes, ...name });
}

/** The value with its axes in another order. */
export function transpose(graph: GraphBuilder, value: string, perm: readonly number[]): string {
  return graph.op('Transpose', [value], { attributes: { perm: ints(perm) } });
}

/** Sums over axes; `keep` leaves them in place with size 1. */
export function sum(
  graph: GraphBuilder,
  value: string,
  axes: readonly number[],
  shape: 'keep' | 'drop' = 'drop',
): string {
  const attributes = { keepdims: int(shape === 'keep' ? 1 : 0) };
  return graph.op('ReduceSum', [value, graph.ints(axes)], { attributes });
}

/** A strided slice: `start` inclusive and `end` exclusive for each of `axes`. */
export function slice(
  graph: GraphBuilder,
  value: string,
  range: {
    readonly start: readonly number[];
    readonly end: readonly number[];
    readonly axes: readonly number[];
    readonly steps: readonly number[];
  },
): string {
  const { start, end, axes, steps } = range;
  const inputs = [start, end, axes, steps].map((list) => graph.ints(list));
  return graph.op('Slice', [value, ...inputs]);
}

/** Values one after the other along an axis; one alone stays as it is. */
export function concat(graph: GraphBuilder, values: readonly string[], axis: number): string {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return only;
  return graph.op('Concat', values, { attributes: { axis: int(axis) } });
}

/** Takes a value apart along an axis. */
export function split(
  graph: GraphBuilder,
  value: string,
  { axis, sizes }: { readonly axis: number; readonly sizes: readonly number[] },
): readonly string[] {
  const attributes = { axis: int(axis) };
  return graph.opMany('Split', [value, graph.ints(sizes)], sizes.length, { attributes });
}

/** Pads with a constant, `value` (default 0); returns the input itself when there is nothing to add. */
export function pad(
  graph: GraphBuilder,
  input: string,
  amounts: readonly number[],
  value?: number,
): string {
  if (amounts.every((amount) => amount === 0)) return input;
  const fill = value === undefined ? [] : [graph.scalar(value)];
  return graph.op('Pad', [input, graph.ints(amounts), ...fill]);
}

/** 1 where a comparison with a scalar holds, else 0, as float32. */
export function mask(
  graph: GraphBuilder,
  comparison: 'Greater' | 'Less',
  value: string,
  bound: number,
): string {
  const truth = graph.op(comparison, [value, graph.scalar(bound)]);
  return graph.op('Cast', [truth], { attributes: { to: int(floatType) } });
}

/** `TensorProto.DataType.FLOAT`. */
export const floatType = 1;

/** Undoes broadcasting: sums a gradient of size `from` down to `to` (ONNX, "Multidirectional Broadcasting"). */
export function sumTo(
  graph: GraphBuilder,
  value: string,
  from: readonly number[],
  to: readonly number[],
): string {
  if (from.join() === to.join()) return value;
  const lead = from.length - to.length;
  const axes = from.flatMap((size, axis) =>
    axis < lead || (to[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  const summed = axes.length === 0 ? value : sum(graph, value, axes, 'keep');
  return lead === 0 ? summed : reshape(graph, summed, to);
}

/** The number in an attribute, or a default. */
export function integerOf(
  attributes: ReadonlyMap<string, Attribute>,
  name: string,
  otherwise: number,
): number {
  const found = attributes.get(name);
  return found?.type === 'int' ? Number(found.value) : otherwise;
}

/** The numbers in an attribute; `undefined` when it is absent. */
export function integersOf(
  attributes: ReadonlyMap<string, Attribute>,
  name: string,
): readonly number[] | undefined {
  const found = attributes.get(name);
  return found?.type === 'ints' ? found.value.map(Number) : undefined;
}

/** The float in an attribute, or a default. */
export function floatOf(
  attributes: ReadonlyMap<string, Attribute>,
  name: string,
  otherwise: number,
): number {
  const found = attributes.get(name);
  return found?.type === 'float' ? found.value : otherwise;
}

/** The text in an attribute, or a default. */
export function textOf(
  attributes: ReadonlyMap<string, Attribute>,
  name: string,
  otherwise: string,
): string {
  const found = attributes.get(name);
  return found?.type === 'string' ? new TextDecoder().decode(found.value) : otherwise;
}

/** A negative axis counts from the end. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** 0, 1 ... count-1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
