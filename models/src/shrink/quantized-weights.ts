import { intOf, isFloat32, producersOf } from '../onnx/edit.ts';
import type { Graph, Node } from '../onnx/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A weight on its grid, as one node of a QDQ graph reads it. */
export interface QuantizedWeight {
  /** A Conv, ConvTranspose, Gemm or MatMul. */
  readonly node: Node;
  /** Which of the node's inputs the weight is. */
  readonly at: number;
  /** The float constant that it came from. */
  readonly name: string;
  readonly integers: Tensor<'int8'>;
  readonly scales: Float32Array;
  /** Each slice along it has a scale of its own; `undefined` where all numbers share one. */
  readonly axis: number | undefined;
}

/** Inputs that are weights where they are constant. */
const places: ReadonlyMap<string, readonly number[]> = new Map([
  ['Conv', [1]],
  ['ConvTranspose', [1]],
  ['Gemm', [1]],
  ['MatMul', [0, 1]],
]);

/** The weights in graph order; one that several nodes read is there for each of them. */
export function quantizedWeightsOf({ nodes, initializers }: Graph): readonly QuantizedWeight[] {
  const producers = producersOf(nodes);
  return nodes.flatMap((node) =>
    (node.domain === '' ? (places.get(node.op) ?? []) : []).flatMap((at) => {
      const name = node.inputs[at] ?? '';
      const source = producers.get(name);
      if (source?.op !== 'DequantizeLinear') return [];
      const [integers, scales] = source.inputs.map((input) => initializers.get(input));
      if (integers?.dtype !== 'int8' || !isFloat32(scales)) return [];
      const axis = scales.dims.length === 0 ? undefined : intOf(source, 'axis', 1);
      return [{ node, at, name, integers: integers as Tensor<'int8'>, scales: scales.data, axis }];
    }),
  );
}
