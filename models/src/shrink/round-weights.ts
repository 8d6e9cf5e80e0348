import type { Initializer, Model } from '../onnx/graph.ts';
import { tensor } from '../tensor/tensor.ts';
import { eachRun } from './quantize/slices.ts';
import { quantizedWeightsOf } from './quantized-weights.ts';

/** The float model with the weights that the layers of its quantized form compute with. */
export function roundWeights(float: Model, int8: Model): Model {
  const initializers = new Map<string, Initializer>(float.graph.initializers);
  for (const { name, integers, scales, axis } of quantizedWeightsOf(int8.graph)) {
    const weight = initializers.get(name);
    // What `quantize` split in two by its roles is one constant here, on the first one's grid.
    if (weight === undefined) continue;
    const data = new Float32Array(integers.data.length);
    eachRun(weight.dims, axis, (slice, from, to) => {
      for (let at = from; at < to; at++) data[at] = (integers.data[at] ?? 0) * (scales[slice] ?? 1);
    });
    initializers.set(name, tensor('float32', weight.dims, data));
  }
  return { ...float, graph: { ...float.graph, initializers } };
}
