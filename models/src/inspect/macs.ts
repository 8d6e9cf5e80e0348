import { intOf } from '../onnx/edit.ts';
import type { Graph, Node } from '../onnx/graph.ts';
import { valueInfoOf } from '../onnx/shapes/infer.ts';
import { elementCount } from '../tensor/tensor.ts';

/** Sizes of a value, or `undefined` where they cannot be told. */
export type SizesOf = (name: string) => readonly number[] | undefined;

/** Multiply-accumulates of one node; `undefined` where a size it depends on is open. */
type Rule = (node: Node, sizes: SizesOf) => number | undefined;

const times = (...factors: readonly (number | undefined)[]): number | undefined =>
  factors.reduce<number | undefined>(
    (product, factor) =>
      product === undefined || factor === undefined ? undefined : product * factor,
    1,
  );

const count = (dims: readonly number[] | undefined): number | undefined =>
  dims === undefined ? undefined : elementCount(dims);

/** Every output sums over one filter: its size without the first axis. */
const convolution: Rule = (node, sizes) =>
  times(count(sizes(node.outputs[0] ?? '')), count(sizes(node.inputs[1] ?? '')?.slice(1)));

/** Every input is spread over one filter. */
const transposed: Rule = (node, sizes) =>
  times(count(sizes(node.inputs[0] ?? '')), count(sizes(node.inputs[1] ?? '')?.slice(1)));

const gemm: Rule = (node, sizes) => {
  const left = sizes(node.inputs[0] ?? '');
  const inner = left?.[intOf(node, 'transA', 0) === 1 ? 0 : 1];
  return times(count(sizes(node.outputs[0] ?? '')), inner);
};

const product: Rule = (node, sizes) =>
  times(count(sizes(node.outputs[0] ?? '')), sizes(node.inputs[0] ?? '')?.at(-1));

/** Per step and direction: gates x hidden x (input + hidden), for each member of the batch. */
const recurrent: Rule = (node, sizes) => {
  const [steps, batch] = sizes(node.inputs[0] ?? '') ?? [];
  const input = count(sizes(node.inputs[1] ?? ''));
  const hidden = count(sizes(node.inputs[2] ?? ''));
  if (input === undefined || hidden === undefined) return undefined;
  return times(steps, batch, input + hidden);
};

/** Operators that multiply and accumulate; all others count nothing. */
const rules: ReadonlyMap<string, Rule> = new Map([
  ['Conv', convolution],
  ['ConvInteger', convolution],
  ['QLinearConv', (node, sizes) => convolution({ ...node, inputs: qlinear(node) }, sizes)],
  ['ConvTranspose', transposed],
  ['Gemm', gemm],
  ['MatMul', product],
  ['MatMulInteger', product],
  ['QLinearMatMul', (node, sizes) => product({ ...node, inputs: qlinear(node) }, sizes)],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['RNN', recurrent],
]);

/** Input and weight of a QLinear operator, whose scales and zero points stand between them. */
const qlinear = (node: Node): readonly string[] => [node.inputs[0] ?? '', node.inputs[3] ?? ''];

/** Multiply-accumulates of a node in a graph whose shapes were inferred; `undefined`: unknown. */
export function macsOf(graph: Graph, node: Node): number | undefined {
  const rule = rules.get(node.op);
  return rule === undefined ? 0 : rule(node, (name) => knownDims(graph, name));
}

/** The sizes of a value when all are numbers. */
export function knownDims(graph: Graph, name: string): readonly number[] | undefined {
  const dims = valueInfoOf(graph, name)?.dims;
  return dims?.every((size): size is number => typeof size === 'number') ? dims : undefined;
}
