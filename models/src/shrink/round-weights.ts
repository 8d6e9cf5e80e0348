import type { Initializer, Model } from '../onnx/graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { quantizedLayersOf } from './quantized-layers.ts';

/** The float model with the weights that the layers of its quantized form compute with. */
export function roundWeights(float: Model, int8: Model): Model {
  const initializers = new Map<string, Initializer>(float.graph.initializers);
  for (const { weight, layout } of quantizedLayersOf(int8.graph)) {
    const { dims } = initializers.get(weight.name) as Tensor;
    const integers = weight.data.data as Int8Array;
    const scaleAt = (at: number): number =>
      weight.scales[weight.scales.length === 1 ? 0 : layout.outputAt(at)] ?? 1;
    const data = Float32Array.from(integers, (integer, at) => integer * scaleAt(at));
    initializers.set(weight.name, tensor('float32', dims, data));
  }
  return { ...float, graph: { ...float.graph, initializers } };
}
