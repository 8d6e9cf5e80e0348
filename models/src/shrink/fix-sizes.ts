import { FleetError } from '@edgewise/protocol';
import type { Model, ValueInfo } from '../onnx/graph.ts';
import type { Dim } from '../onnx/shapes/known.ts';

/** Sizes of inputs by name; `undefined` leaves one as it is. */
export type InputSizes = Readonly<Record<string, readonly (number | undefined)[]>>;

/**
 * The model for inputs of these sizes alone: what it computes from sizes becomes known, so that more
 * of it can be shrunk. Throws `FleetError` `invalid-argument` for a name that is no input and for
 * sizes that contradict those of the file.
 */
export function fixSizes(model: Model, sizes: InputSizes): Model {
  const names = Object.keys(sizes);
  if (names.length === 0) return model;
  const { graph } = model;
  const stray = names.find((name) => !graph.inputs.some((input) => input.name === name));
  if (stray !== undefined) {
    const known = graph.inputs.map(({ name }) => name).join(', ');
    throw new FleetError('invalid-argument', `The model has no input "${stray}", only ${known}.`);
  }
  const inputs = graph.inputs.map((input) => fixed(input, sizes[input.name]));
  // Sizes noted in the file may stand for others.
  const outputs = graph.outputs.map((output) => ({ ...output, dims: undefined }));
  return { ...model, graph: { ...graph, inputs, outputs, values: new Map() } };
}

function fixed(input: ValueInfo, sizes: InputSizes[string] | undefined): ValueInfo {
  if (sizes === undefined) return input;
  const { name, dims = sizes.map((): Dim => undefined) } = input;
  const fits = dims.length === sizes.length && dims.every((dim, axis) => fitsIn(dim, sizes[axis]));
  if (fits) return { ...input, dims: dims.map((dim, axis) => sizes[axis] ?? dim) };
  const [wanted, given] = [dims, sizes].map((list) => list.map((size) => size ?? '?').join(', '));
  throw new FleetError('invalid-argument', `"${name}" takes [${wanted}], not [${given}].`);
}

const fitsIn = (dim: Dim, size: number | undefined): boolean =>
  typeof dim !== 'number' || size === undefined || dim === size;
