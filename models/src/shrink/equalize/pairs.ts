import { consumersOf, intOf, isFloat32 } from '../../onnx/edit.ts';
import type { Graph, Initializer, Node } from '../../onnx/graph.ts';
import { valueInfoOf } from '../../onnx/shapes/infer.ts';
import { elementCount } from '../../tensor/tensor.ts';
import { type WeightLayout, weightLayoutOf } from '../weight-layout.ts';

/** Two layers with nothing between them that would notice a channel being scaled. */
export interface LayerPair {
  readonly first: ScalableLayer;
  readonly second: ScalableLayer;
  /** Which channel of the first layer an input channel of the second one sees. */
  channelOf(input: number): number;
}

/** A layer whose weight and bias belong to it alone. */
export interface ScalableLayer {
  readonly weight: string;
  /** `''` where the layer has none. */
  readonly bias: string;
  readonly layout: WeightLayout;
}

/**
 * Operators for which f(s x) = s f(x) with s > 0 for each channel, and that keep the channels on
 * axis 1.
 */
const homogeneous: ReadonlySet<string> = new Set([
  'Relu',
  'LeakyRelu',
  'PRelu',
  'Abs',
  'Identity',
  'MaxPool',
  'AveragePool',
  'GlobalMaxPool',
  'GlobalAveragePool',
]);

/** Finds the pairs of a graph with inferred shapes, in graph order. */
export function layerPairsOf(graph: Graph): readonly LayerPair[] {
  const facts = factsOf(graph);
  return graph.nodes.flatMap((node) => {
    const first = scalable(node, facts);
    if (first === undefined || intOf(node, 'transA', 0) === 1) return [];
    const reader = nextLayer(node, facts);
    const second = reader === undefined ? undefined : scalable(reader, facts);
    if (second === undefined) return [];
    // Flattening makes each channel as many features as it has positions.
    const positions = second.layout.inputs / first.layout.outputs;
    if (!Number.isInteger(positions)) return [];
    return [{ first, second, channelOf: (input) => Math.floor(input / positions) }];
  });
}

interface Facts {
  readonly graph: Graph;
  readonly readers: ReadonlyMap<string, readonly Node[]>;
  /** Values that the outside sees or sets. */
  readonly visible: ReadonlySet<string>;
}

function factsOf(graph: Graph): Facts {
  const visible = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  return { graph, readers: consumersOf(graph.nodes), visible };
}

function scalable(node: Node, { graph, readers, visible }: Facts): ScalableLayer | undefined {
  const [, weight = '', bias = ''] = node.inputs;
  const own = (name: string): Initializer | undefined =>
    readers.get(name)?.length === 1 && !visible.has(name)
      ? graph.initializers.get(name)
      : undefined;
  const numbers = own(weight);
  if (!isFloat32(numbers)) return undefined;
  const layout = weightLayoutOf(node, numbers.dims);
  if (layout === undefined) return undefined;
  if (bias === '') return { weight, bias, layout };
  const offset = own(bias);
  const fits = isFloat32(offset) && offset.data.length === layout.outputs;
  return fits ? { weight, bias, layout } : undefined;
}

/** The layer that alone reads a node's output, through operators that scaling passes. */
function nextLayer(from: Node, facts: Facts): Node | undefined {
  let node = from;
  for (;;) {
    const [output = '', ...others] = node.outputs;
    const [reader, ...rest] = facts.readers.get(output) ?? [];
    if (facts.visible.has(output) || others.some((name) => name !== '')) return undefined;
    if (reader === undefined || rest.length > 0 || reader.inputs.indexOf(output) !== 0) {
      return undefined;
    }
    if (reader.inputs.lastIndexOf(output) !== 0) return undefined;
    if (!passesScale(reader, facts.graph))
      return intOf(reader, 'transA', 0) === 1 ? undefined : reader;
    node = reader;
  }
}

function passesScale(node: Node, graph: Graph): boolean {
  if (node.domain !== '') return false;
  if (homogeneous.has(node.op)) return true;
  if (node.op === 'Flatten') return intOf(node, 'axis', 1) === 1;
  return node.op === 'Reshape' && flattens(node, graph);
}

/** Whether a Reshape does what Flatten does: one row per sample, all of its numbers in order. */
function flattens({ inputs: [input = ''], outputs: [output = ''] }: Node, graph: Graph): boolean {
  const from = valueInfoOf(graph, input)?.dims?.slice(1);
  const to = valueInfoOf(graph, output)?.dims;
  if (from === undefined || to?.length !== 2 || typeof to[1] !== 'number') return false;
  return from.every((size) => typeof size === 'number') && elementCount(from) === to[1];
}
