import { consumersOf, isFloat32, producersOf } from '../../onnx/edit.ts';
import type { Graph, Initializer, Node } from '../../onnx/graph.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { ByteType, Params } from '../quantize/formulas.ts';
import { type QuantizedWeight, quantizedWeightsOf } from '../quantized-weights.ts';

/**
 * The bias of a linear layer of two nodes, as exporters write transformers: an Add of one number per
 * column to the product with a matrix, in a QDQ graph.
 */
export interface SummedBias {
  /** The Add. */
  readonly node: Node;
  /** What dequantizes the numbers, for this Add only. */
  readonly source: Node;
  readonly data: Tensor<ByteType>;
  readonly params: Params;
  /** What the Add gives in the float graph. */
  readonly wanted: string;
}

/** In graph order; those whose constant others read too are left out. */
export function summedBiasesOf(float: Graph, int8: Graph): readonly SummedBias[] {
  const { nodes, initializers } = int8;
  const producers = producersOf(nodes);
  const readers = consumersOf(nodes);
  const products = new Map(quantizedWeightsOf(int8).map((weight) => [weight.node, weight]));
  const isOwn = (name: string): boolean => readers.get(name)?.length === 1;
  return nodes.flatMap((node) => {
    if (node.op !== 'Add' || node.domain !== '') return [];
    return [0, 1].flatMap((at): readonly SummedBias[] => {
      const [name = '', term = ''] = [node.inputs[at], node.inputs[1 - at]];
      const constant = constantOf(producers.get(name), initializers);
      const quantizer = producers.get(producers.get(term)?.inputs[0] ?? '');
      const product = products.get(producers.get(quantizer?.inputs[0] ?? '') ?? node);
      if (constant === undefined || product === undefined) return [];
      const wanted = sumOf(float, product, name);
      const isItsOwn = [name, constant.source.inputs[0] ?? ''].every(isOwn);
      if (wanted === undefined || !isItsOwn || !isPerColumn(constant.data, product)) return [];
      return [{ node, ...constant, wanted }];
    });
  });
}

function constantOf(
  source: Node | undefined,
  initializers: ReadonlyMap<string, Initializer>,
): Pick<SummedBias, 'source' | 'data' | 'params'> | undefined {
  if (source?.op !== 'DequantizeLinear') return undefined;
  const [data, scale, zero] = source.inputs.map((name) => initializers.get(name));
  if (!isFloat32(scale) || scale.data.length !== 1) return undefined;
  if (data?.dtype !== 'int8' && data?.dtype !== 'uint8') return undefined;
  const params = { scale: scale.data[0] ?? 1, zero: Number(zero?.data[0] ?? 0) };
  return { source, data: data as Tensor<ByteType>, params };
}

/** Where the float graph adds the constant to the same product. */
function sumOf(graph: Graph, { at, name }: QuantizedWeight, constant: string): string | undefined {
  const products = graph.nodes.filter(({ op, inputs }) => op === 'MatMul' && inputs[at] === name);
  const results = new Set(products.flatMap(({ outputs }) => outputs));
  const sum = graph.nodes.find(({ op, inputs }) => {
    return op === 'Add' && inputs.includes(constant) && inputs.some((term) => results.has(term));
  });
  return sum?.outputs[0];
}

function isPerColumn({ dims, data }: Tensor, { node, at, integers }: QuantizedWeight): boolean {
  const columns = integers.dims.at(-1);
  const isMatrix = node.op === 'MatMul' && at === 1 && integers.dims.length > 1;
  return isMatrix && data.length === columns && dims.at(-1) === columns;
}
