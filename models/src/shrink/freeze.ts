import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * Turns inputs into constants: trained weights into the graph they were trained in.
 * Throws `FleetError` `invalid-argument` for a name that is no input of the model.
 */
export function freeze(model: Model, constants: Readonly<Record<string, Tensor>>): Model {
  const { graph } = model;
  for (const name of Object.keys(constants)) {
    if (!graph.inputs.some((input) => input.name === name)) {
      throw new FleetError('invalid-argument', `The model has no input ${name} to freeze.`);
    }
  }
  const inputs = graph.inputs.filter(({ name }) => !Object.hasOwn(constants, name));
  const initializers = new Map([...graph.initializers, ...Object.entries(constants)]);
  return { ...model, graph: { ...graph, inputs, initializers } };
}
