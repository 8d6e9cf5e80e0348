import { createFreshNames, floatOf, isFloat32 } from '../onnx/edit.ts';
import type { Initializer, Model, Node } from '../onnx/graph.ts';
import { tensor } from '../tensor/tensor.ts';

/**
 * Multiplies `beta` into the constant that a Gemm adds: quantized biases have no place for a factor
 * (`quantize_static` loses it).
 */
export function foldBeta(model: Model): Model {
  const { graph } = model;
  const fresh = createFreshNames(graph);
  const initializers = new Map<string, Initializer>(graph.initializers);
  const nodes = graph.nodes.map((node): Node => {
    const name = node.inputs[2] ?? '';
    const bias = graph.initializers.get(name);
    const beta = floatOf(node, 'beta', 1);
    if (node.op !== 'Gemm' || node.domain !== '' || beta === 1 || !isFloat32(bias)) return node;
    const scaled = fresh(name);
    const data = bias.data.map((value) => value * beta);
    initializers.set(scaled, tensor('float32', bias.dims, data));
    const attributes = new Map([...node.attributes].filter(([key]) => key !== 'beta'));
    return { ...node, inputs: node.inputs.with(2, scaled), attributes };
  });
  return { ...model, graph: { ...graph, nodes, initializers } };
}
