import { consumersOf } from '../../onnx/edit.ts';
import type { Graph, Model, Node, ValueInfo } from '../../onnx/graph.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { channelsFirst } from '../network.ts';
import type { Recipe } from '../recipe.ts';

/** A model without what it does to raw bytes first, and what that was. */
export interface Peeled {
  /** Its input is float32: what came out of the steps that were taken off. */
  readonly model: Model;
  readonly input: Recipe['input'];
}

/** What has been found on the way from the input. */
interface Way {
  readonly name: string;
  readonly layout: 'hwc' | 'chw';
  readonly isFloat: boolean;
  readonly scale: number;
  readonly offset: number;
}

/** ONNX's number for float32 (`TensorProto.DataType`). */
const floatType = 1;

/**
 * Takes off what a model with an input of bytes does to them before anything is learnt: a cast,
 * numbers that scale and shift, channels that move to the front. A recipe says the same in its
 * `input`. `undefined` where the model does something else with its bytes, or its sizes are open.
 */
export function peelInput(model: Model, own: ValueInfo): Peeled | undefined {
  const sizes = (own.dims ?? []).slice(1);
  const shape = sizes.filter((size) => typeof size === 'number');
  if (own.dtype !== 'uint8' || shape.length !== sizes.length || shape.length === 0)
    return undefined;
  const { graph } = model;
  const taken = new Set<Node>();
  let way: Way = { name: own.name, layout: 'chw', isFloat: false, scale: 1, offset: 0 };
  for (;;) {
    const [node, ...others] = consumersOf(graph.nodes).get(way.name) ?? [];
    const next = node && others.length === 0 ? follow(way, node, { graph, shape }) : undefined;
    if (node === undefined || next === undefined) break;
    taken.add(node);
    way = next;
  }
  if (!way.isFloat) return undefined;
  const { name, layout, scale, offset } = way;
  const input = { shape, layout, dtype: 'uint8', scale, ...(offset !== 0 && { offset }) } as const;
  const dims = [own.dims?.[0], ...channelsFirst({ input })];
  const nodes = graph.nodes.filter((node) => !taken.has(node));
  const inputs: readonly ValueInfo[] = [{ name, dtype: 'float32', dims }];
  return { model: { ...model, graph: { ...graph, nodes, inputs } }, input };
}

/** The way after a node; `undefined` where the node is no part of it. */
function follow(
  way: Way,
  node: Node,
  { graph, shape }: { readonly graph: Graph; readonly shape: readonly number[] },
): Way | undefined {
  const [name = ''] = node.outputs;
  if (node.op === 'Cast') {
    const to = node.attributes.get('to');
    return to?.type === 'int' && Number(to.value) === floatType
      ? { ...way, name, isFloat: true }
      : undefined;
  }
  if (way.layout === 'chw' && bringsChannelsForward(node, graph, shape)) {
    return { ...way, name, layout: 'hwc' };
  }
  return way.isFloat ? scaled({ ...way, name }, node, graph) : undefined;
}

/** A Transpose to channels first, or, of one channel, a Reshape that comes to the same. */
function bringsChannelsForward(node: Node, graph: Graph, shape: readonly number[]): boolean {
  if (shape.length < 2) return false;
  const forward = [shape.at(-1) ?? 0, ...shape.slice(0, -1)];
  if (node.op === 'Reshape') {
    const to = graph.initializers.get(node.inputs[1] ?? '') as Tensor | undefined;
    const wanted = [...((to?.data ?? []) as BigInt64Array)].map(Number).slice(1);
    return shape.at(-1) === 1 && wanted.join() === forward.join();
  }
  const order = node.attributes.get('perm');
  if (node.op !== 'Transpose' || order?.type !== 'ints') return false;
  const places = [0, shape.length, ...shape.slice(1).map((_, axis) => axis + 1)];
  return [...order.value].map(Number).join() === places.join();
}

/** The way after a number was multiplied, divided, added or taken away. */
function scaled(way: Way, { op, inputs, outputs }: Node, graph: Graph): Way | undefined {
  const place = inputs.findIndex((input) => graph.initializers.has(input));
  const value = graph.initializers.get(inputs[place] ?? '') as Tensor | undefined;
  if (value?.dtype !== 'float32' || elementCount(value.dims) !== 1 || outputs.length !== 1) {
    return undefined;
  }
  const number = Number(value.data[0]);
  const { scale, offset } = way;
  if (op === 'Mul') return { ...way, scale: scale * number, offset: offset * number };
  if (op === 'Add') return { ...way, offset: offset + number };
  if (place !== 1) return undefined;
  if (op === 'Div') return { ...way, scale: scale / number, offset: offset / number };
  return op === 'Sub' ? { ...way, offset: offset - number } : undefined;
}
