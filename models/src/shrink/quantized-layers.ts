import { consumersOf, floatOf, intOf, isFloat32, producersOf } from '../onnx/edit.ts';
import type { Graph, Node } from '../onnx/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { weightLayoutOf } from './weight-layout.ts';

/** A Conv, ConvTranspose or Gemm of a QDQ graph that computes in integers. */
export interface QuantizedLayer {
  readonly node: Node;
  readonly weight: QuantizedConstant;
  /** `undefined` where the layer has none. */
  readonly bias: QuantizedConstant | undefined;
  /** Scale of the input. */
  readonly inputScale: number;
}

/** Integers behind a DequantizeLinear that only this layer reads. */
export interface QuantizedConstant {
  /** What the DequantizeLinear gives: the name of the float constant it came from. */
  readonly name: string;
  /** Name of the integers. */
  readonly integers: string;
  readonly data: Tensor;
  /** One, or one per output channel. */
  readonly scales: Float32Array;
}

/**
 * The layers in graph order. One that is in float or shares its constants with another is left out, and
 * so is one with a scale for several channels, as a ConvTranspose in groups has.
 */
export function quantizedLayersOf(graph: Graph): readonly QuantizedLayer[] {
  const producers = producersOf(graph.nodes);
  const readers = consumersOf(graph.nodes);
  const constantAt = (name: string): QuantizedConstant | undefined => {
    const node = producers.get(name);
    const [integers = '', scale = ''] = node?.op === 'DequantizeLinear' ? node.inputs : [];
    const data = graph.initializers.get(integers) as Tensor | undefined;
    const scales = graph.initializers.get(scale);
    const isOwn = [name, integers].every((value) => readers.get(value)?.length === 1);
    if (data === undefined || !isFloat32(scales) || !isOwn) return undefined;
    return { name, integers, data, scales: scales.data };
  };
  return graph.nodes.flatMap((node) => {
    const [input = '', weightName = '', biasName = ''] = node.inputs;
    const weight = constantAt(weightName);
    const bias = biasName === '' ? undefined : constantAt(biasName);
    const source = producers.get(input);
    const scale = graph.initializers.get(source?.inputs[1] ?? '');
    const isQuantized = source?.op === 'DequantizeLinear' && isFloat32(scale);
    if (weight?.data.dtype !== 'int8' || !isQuantized || !hasOwnScales(node, weight)) return [];
    if ((biasName !== '' && bias?.data.dtype !== 'int32') || !isPlain(node)) return [];
    return [{ node, weight, bias, inputScale: scale.data[0] ?? 1 }];
  });
}

/** Whether no scale is that of several output channels, but not of all. */
function hasOwnScales(node: Node, { data, scales }: QuantizedConstant): boolean {
  const layout = weightLayoutOf(node, data.dims);
  return layout !== undefined && (scales.length === 1 || scales.length === layout.outputs);
}

/** Whether a Gemm is a product and a sum, without factors. */
function isPlain(node: Node): boolean {
  const factors = floatOf(node, 'alpha', 1) === 1 && floatOf(node, 'beta', 1) === 1;
  return factors && intOf(node, 'transA', 0) === 0;
}

/** The layer of the float graph that a quantized layer came from. */
export function floatLayerOf(graph: Graph, { node, weight }: QuantizedLayer): Node | undefined {
  return graph.nodes.find(({ op, inputs }) => op === node.op && inputs[1] === weight.name);
}
