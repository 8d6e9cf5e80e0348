import { createFreshNames } from '../../onnx/edit.ts';
import type { Graph, Initializer, Node } from '../../onnx/graph.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import {
  biasScale,
  gridOf,
  limits,
  paramsFor,
  quantizeBias,
  quantizeNumber,
} from '../quantize/formulas.ts';
import type { QuantizedLayer } from '../quantized-layers.ts';
import type { SummedBias } from './summed-biases.ts';

/**
 * A quantized graph with the biases changed so far. Each change is by about the amounts, one per
 * channel, and gives what the numbers on their grid moved by.
 */
export interface Draft {
  shift(layer: QuantizedLayer, amounts: Float64Array): Float64Array;
  shiftSum(bias: SummedBias, amounts: Float64Array): Float64Array;
  graph(): Graph;
}

/** Starts with the graph as it is. */
export function createDraft(graph: Graph): Draft {
  const fresh = createFreshNames(graph);
  const initializers = new Map<string, Initializer>(graph.initializers);
  const added: Node[] = [];
  const replaced = new Map<Node, Node>();
  const add = (stem: string, value: Initializer): string => {
    const name = fresh(stem);
    initializers.set(name, value);
    return name;
  };
  const addBias = ({ node, weight, inputScale }: QuantizedLayer, data: Tensor<'int32'>): void => {
    const scales = weight.scales.map((scale) => biasScale(inputScale, scale, 1));
    const dims = scales.length === 1 ? [] : [scales.length];
    const name = fresh(`${weight.name}_bias`);
    const inputs = [
      add(`${name}_q`, data),
      add(`${name}_scale`, tensor('float32', dims, scales)),
      add('zero', tensor('int32', dims, new Int32Array(scales.length))),
    ];
    const attributes: Node['attributes'] =
      dims.length === 0 ? new Map() : new Map([['axis', { type: 'int', value: 0n }]]);
    const outputs = [name];
    added.push({ name: '', op: 'DequantizeLinear', domain: '', inputs, outputs, attributes });
    replaced.set(node, { ...node, inputs: [...node.inputs.slice(0, 2), name] });
  };
  return {
    shift(layer, amounts) {
      const { bias, weight, inputScale } = layer;
      const before = (bias?.data.data ?? new Int32Array(amounts.length)) as Int32Array;
      const scaleOf = (c: number): number => {
        const { scales } = bias ?? weight;
        const scale = scales[scales.length === 1 ? 0 : c] ?? 1;
        return bias === undefined ? biasScale(inputScale, scale, 1) : scale;
      };
      const after = before.map((value, c) =>
        quantizeBias(value * scaleOf(c) + (amounts[c] ?? 0), scaleOf(c)),
      );
      const data = tensor('int32', [after.length], after);
      if (bias === undefined) addBias(layer, data);
      else initializers.set(bias.integers, data);
      return Float64Array.from(after, (value, c) => (value - (before[c] ?? 0)) * scaleOf(c));
    },
    shiftSum({ source, data: { dtype, dims, data }, params }, amounts) {
      const before = Float64Array.from(data, (value) => (value - params.zero) * params.scale);
      const wanted = Float32Array.from(before, (value, c) => value + (amounts[c] ?? 0));
      // The numbers need room to move, so that their grid is found anew.
      const symmetric = params.zero === (dtype === 'int8' ? 0 : 128);
      const grid = gridOf(dtype, { symmetric, reduced: false });
      const to = paramsFor(Math.min(...wanted), Math.max(...wanted), grid);
      const integers = wanted.map((value) => quantizeNumber(value, to, limits[dtype]));
      const typed = (sizes: readonly number[], numbers: Iterable<number>): Initializer =>
        dtype === 'int8'
          ? tensor('int8', sizes, Int8Array.from(numbers))
          : tensor('uint8', sizes, Uint8Array.from(numbers));
      const [name = ''] = source.outputs;
      const [constant = ''] = source.inputs;
      initializers.set(constant, typed(dims, integers));
      const scale = add(`${name}_scale`, tensor('float32', [], new Float32Array([to.scale])));
      const inputs = [constant, scale, add(`${name}_zero`, typed([], [to.zero]))];
      replaced.set(source, { ...source, inputs });
      return Float64Array.from(
        integers,
        (value, c) => (value - to.zero) * to.scale - (before[c] ?? 0),
      );
    },
    graph: () => ({
      ...graph,
      initializers,
      nodes: [...added, ...graph.nodes.map((node) => replaced.get(node) ?? node)],
    }),
  };
}
