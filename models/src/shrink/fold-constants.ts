import { consumersOf, intOf, intsOf } from '../onnx/edit.ts';
import type { Graph, Initializer, Node } from '../onnx/graph.ts';
import { dtypeOf } from '../onnx/read-tensor.ts';
import { permuted, rowStrides, strided } from '../tensor/strided.ts';
import { arrays, type DType, elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { capturedBy } from './captured.ts';

/**
 * Constants that a graph only rearranges (turns, cuts, joins, gives other sizes or another type) are
 * stored as they come out: exporters leave `MatMul(x, Transpose(W))`, whose weight would not be seen
 * as one. It keeps the name of what it was made of, by which people know it, where nothing else reads
 * that. The nodes must come in topological order. Constants that a caller may replace stay.
 */
export function foldConstants(graph: Graph): Graph {
  const initializers = new Map<string, Initializer>(graph.initializers);
  const given = new Set(graph.inputs.map(({ name }) => name));
  const fixed = new Set([...graph.outputs.map(({ name }) => name), ...capturedBy(graph.nodes)]);
  const readers = consumersOf(graph.nodes);
  const renamed = new Map<string, string>();
  const constant = (name: string): Tensor | undefined => {
    const value = given.has(name) ? undefined : initializers.get(name);
    return value !== undefined && Object.hasOwn(arrays, value.dtype)
      ? (value as Tensor)
      : undefined;
  };
  /** The name of what comes out: that of the only thing that went in, where nobody else reads it. */
  const nameFor = (node: Node, inputs: readonly string[]): string => {
    const [output = ''] = node.outputs;
    const [source = '', ...others] = inputs;
    const isOnly = node.op !== 'Concat' || others.length === 0;
    const isOwn = isOnly && readers.get(node.inputs[0] ?? '')?.length === 1;
    return isOwn && !fixed.has(source) && !fixed.has(output) ? source : output;
  };
  const nodes = graph.nodes.flatMap((given) => {
    const node = { ...given, inputs: given.inputs.map((name) => renamed.get(name) ?? name) };
    const [output = ''] = node.outputs;
    const folded = fixed.has(output) ? undefined : result(node, constant);
    if (folded === undefined) return [node];
    const name = nameFor(given, node.inputs);
    if (name !== output) renamed.set(output, name);
    initializers.set(name, folded);
    return [];
  });
  return { ...graph, nodes, initializers };
}

function result(node: Node, constant: (name: string) => Tensor | undefined): Tensor | undefined {
  const rule = node.domain === '' && Object.hasOwn(rules, node.op) ? rules[node.op] : undefined;
  if (rule === undefined || node.inputs.length === 0) return undefined;
  const inputs = node.inputs.map((name) => (name === '' ? undefined : constant(name)));
  const isOpen = inputs.some((value, at) => value === undefined && node.inputs[at] !== '');
  return isOpen ? undefined : rule(node, inputs);
}

/** What comes out; `undefined` for what is better left to the engine. */
type Rule = (node: Node, inputs: readonly (Tensor | undefined)[]) => Tensor | undefined;

const rules: Readonly<Record<string, Rule>> = {
  Identity: (_, [data]) => data,
  Transpose: (node, [data]) =>
    data && permuted(data, intsOf(node, 'perm') ?? data.dims.map((_, at) => at).toReversed()),
  Reshape: (node, [data, shape]) => {
    if (data === undefined || shape === undefined) return undefined;
    const keepsZero = intOf(node, 'allowzero', 0) === 0;
    return resized(
      data,
      numbersOf(shape).map((size, at) => (size === 0 && keepsZero ? (data.dims[at] ?? 0) : size)),
    );
  },
  Flatten: (node, [data]) => {
    const axis = within(intOf(node, 'axis', 1), data?.dims.length ?? 0);
    return data && resized(data, [elementCount(data.dims.slice(0, axis)), -1]);
  },
  Squeeze: (node, [data, list]) => {
    if (data === undefined) return undefined;
    const rank = data.dims.length;
    const axes = axesOf(node, list)?.map((axis) => within(axis, rank));
    return resized(
      data,
      data.dims.filter((size, at) => (axes === undefined ? size !== 1 : !axes.includes(at))),
    );
  },
  Unsqueeze: (node, [data, list]) => {
    const axes = axesOf(node, list);
    if (data === undefined || axes === undefined) return undefined;
    const rank = data.dims.length + axes.length;
    const places = axes.map((axis) => within(axis, rank)).toSorted((a, b) => a - b);
    return resized(
      data,
      places.reduce<readonly number[]>((dims, place) => dims.toSpliced(place, 0, 1), data.dims),
    );
  },
  Slice: (_, [data, ...lists]) => {
    const [starts, ends, axes, steps] = lists.map((list) => list && numbersOf(list));
    return data && starts && ends && cut(data, { starts, ends, axes, steps });
  },
  Concat: (node, inputs) => joined(inputs as readonly Tensor[], intOf(node, 'axis', 0)),
  Cast: (node, [data]) => data && cast(data, dtypeOf(intOf(node, 'to', 1)) as DType),
};

const numbersOf = ({ data }: Tensor): readonly number[] =>
  Array.from(data as ArrayLike<number | bigint>, Number);

/** From the second input or, before operator set 13, the attribute. */
const axesOf = (node: Node, list: Tensor | undefined): readonly number[] | undefined =>
  list === undefined ? intsOf(node, 'axes') : numbersOf(list);

const within = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The same numbers with other sizes, of which one may be open (-1). */
function resized({ dtype, dims, data }: Tensor, wanted: readonly number[]): Tensor | undefined {
  const known = elementCount(wanted.filter((size) => size !== -1));
  const sizes = wanted.map((size) => (size === -1 ? elementCount(dims) / known : size));
  return elementCount(sizes) === data.length ? tensor(dtype, sizes, data) : undefined;
}

interface Cuts {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[] | undefined;
  readonly steps: readonly number[] | undefined;
}

/** ONNX Slice: places are clamped, negative ones count from the end. */
function cut(data: Tensor, { starts, ends, axes, steps }: Cuts): Tensor {
  const strides = [...rowStrides(data.dims)];
  const dims = [...data.dims];
  let start = 0;
  for (const [at, given] of (axes ?? starts.map((_, axis) => axis)).entries()) {
    const axis = within(given, data.dims.length);
    const [size, step] = [data.dims[axis] ?? 0, steps?.[at] ?? 1];
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const clamp = (place: number): number => Math.min(Math.max(within(place, size), low), high);
    const [first, end] = [clamp(starts[at] ?? 0), clamp(ends[at] ?? 0)];
    start += first * (strides[axis] ?? 0);
    dims[axis] = Math.max(0, Math.ceil((end - first) / step));
    strides[axis] = step * (strides[axis] ?? 0);
  }
  return strided(data, { dims, strides, start });
}

function joined(parts: readonly Tensor[], given: number): Tensor | undefined {
  const [first] = parts;
  if (first === undefined || parts.some(({ dtype }) => dtype !== first.dtype)) return undefined;
  const axis = within(given, first.dims.length);
  const rows = elementCount(first.dims.slice(0, axis));
  const length = parts.reduce((sum, { dims }) => sum + (dims[axis] ?? 0), 0);
  const dims = first.dims.with(axis, length);
  const data = new (arrays[first.dtype] as Float32ArrayConstructor)(elementCount(dims));
  let to = 0;
  for (let row = 0; row < rows; row++) {
    for (const part of parts) {
      const size = part.data.length / rows;
      data.set((part.data as Float32Array).subarray(row * size, (row + 1) * size), to);
      to += size;
    }
  }
  return tensor(first.dtype, dims, data as never);
}

/** Between numbers that both hold exactly; the rest is the engine's. */
function cast(source: Tensor, to: DType): Tensor | undefined {
  const { dtype, dims, data } = source;
  if (to === dtype) return source;
  const isWhole = (type: DType): boolean => type === 'int64' || type === 'int32';
  if (!isWhole(dtype) || !(isWhole(to) || to === 'float32')) return undefined;
  const numbers = numbersOf(source);
  const most = to === 'float32' ? 2 ** 24 : 2 ** 31 - 1;
  if (numbers.some((value) => Math.abs(value) > most)) return undefined;
  if (to === 'int64') return tensor('int64', dims, BigInt64Array.from(numbers, BigInt));
  return to === 'int32'
    ? tensor('int32', dims, Int32Array.from(data as BigInt64Array, Number))
    : tensor('float32', dims, Float32Array.from(numbers));
}
