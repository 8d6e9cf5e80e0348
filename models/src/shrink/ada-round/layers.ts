import {
  consumersOf,
  floatOf,
  intOf,
  isFloat32,
  nameOf,
  producersOf,
  sortNodes,
} from '../../onnx/edit.ts';
import type { Graph, Node } from '../../onnx/graph.ts';
import { capturedBy } from '../captured.ts';
import { type ProductLayout, productLayoutOf } from './product-layout.ts';

/** A layer whose weights may be rounded by what they do to its output. */
export interface RoundableLayer {
  /** The layer's name, or that of its first output. */
  readonly name: string;
  /** As the float graph has it. */
  readonly node: Node;
  /** The constant, in the float graph. */
  readonly weight: string;
  readonly layout: ProductLayout;
  /** One number per output channel; `undefined` where the layer adds nothing. */
  readonly bias: Float32Array | undefined;
  /** Between which the layer's output is clipped by the Relu or Clip that follows it. */
  readonly bounds: Bounds | undefined;
  /** What comes out of the float layer, after those bounds. */
  readonly wanted: string;
  /** What the layer reads in the quantized graph. */
  readonly input: string;
  /** The constant that holds its integers there. */
  readonly integers: string;
}

/** Both may be infinite. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * In the order in which the quantized graph runs: each Conv, ConvTranspose, Gemm and MatMul with a
 * constant weight on a grid. Left out are those that share the weight with others, and those whose
 * bias is computed or not one per channel or whose Gemm has factors.
 */
export function roundableLayersOf(
  float: Graph,
  quantized: Graph,
  isOnGrid: (weight: string) => boolean,
): readonly RoundableLayer[] {
  const readers = consumersOf(float.nodes);
  const captured = capturedBy(float.nodes);
  const producers = producersOf(quantized.nodes);
  const sources = new Map(float.nodes.map((node) => [keyOf(node), node]));
  return sortNodes(quantized.nodes).flatMap((twin): readonly RoundableLayer[] => {
    const [input = '', weight = ''] = twin.inputs;
    const node = sources.get(keyOf(twin));
    const integers = producers.get(weight)?.inputs[0];
    if (node === undefined || integers === undefined || !isOnGrid(weight)) return [];
    const isOwn = readers.get(weight)?.length === 1 && !captured.has(weight);
    const constant = float.initializers.get(weight);
    if (!isOwn || !isFloat32(constant) || float.initializers.has(node.inputs[0] ?? '')) return [];
    const layout = isPlain(node) ? productLayoutOf(node, constant.dims) : undefined;
    const bias = layout && biasOf(float, node, layout.groups * layout.width);
    if (layout === undefined || bias === 'computed') return [];
    const end = endOf(float, node, readers);
    return [{ name: nameOf(node), node, weight, layout, bias, ...end, input, integers }];
  });
}

/** Both graphs have the layer under its operator and weight. */
const keyOf = ({ op, inputs }: Node): string => `${op} ${inputs[1] ?? ''}`;

/** Whether a Gemm is a product and a sum, without factors. */
function isPlain(node: Node): boolean {
  const factors = floatOf(node, 'alpha', 1) === 1 && floatOf(node, 'beta', 1) === 1;
  return node.op !== 'Gemm' || (factors && intOf(node, 'transA', 0) === 0);
}

function biasOf(
  graph: Graph,
  { op, inputs }: Node,
  channels: number,
): Float32Array | undefined | 'computed' {
  const name = op === 'MatMul' ? '' : (inputs[2] ?? '');
  if (name === '') return undefined;
  const constant = graph.initializers.get(name);
  if (!isFloat32(constant)) return 'computed';
  const { dims, data } = constant;
  // As many numbers along another axis would be one per row.
  if (data.length === channels && dims.at(-1) === channels) return data;
  const [value] = data;
  if (data.length !== 1 || value === undefined) return 'computed';
  return new Float32Array(channels).fill(value);
}

function endOf(
  graph: Graph,
  { outputs: [output = ''] }: Node,
  readers: ReadonlyMap<string, readonly Node[]>,
): { readonly wanted: string; readonly bounds: Bounds | undefined } {
  const [next, ...more] = readers.get(output) ?? [];
  const isOutput = graph.outputs.some(({ name }) => name === output);
  const bounds = next && boundsOf(graph, next, output);
  if (bounds === undefined || more.length > 0 || isOutput)
    return { wanted: output, bounds: undefined };
  return { wanted: next?.outputs[0] ?? '', bounds };
}

function boundsOf(graph: Graph, { op, domain, inputs }: Node, value: string): Bounds | undefined {
  if (domain !== '' || inputs[0] !== value) return undefined;
  if (op === 'Relu') return { low: 0, high: Number.POSITIVE_INFINITY };
  if (op !== 'Clip') return undefined;
  const at = (input: number, open: number): number | undefined => {
    const name = inputs[input] ?? '';
    if (name === '') return open;
    const constant = graph.initializers.get(name);
    return isFloat32(constant) ? constant.data[0] : undefined;
  };
  const low = at(1, Number.NEGATIVE_INFINITY);
  const high = at(2, Number.POSITIVE_INFINITY);
  return low === undefined || high === undefined ? undefined : { low, high };
}
