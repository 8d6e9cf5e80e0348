import type { Model, ValueInfo } from '../onnx/graph.ts';

const floats: ReadonlySet<string | undefined> = new Set([
  ...['float32', 'float16', 'bfloat16', 'float64'],
]);

/** The first version of the format in which a weight need not be an input as well (ONNX IR.md). */
const separateSince = 4;

/**
 * Inputs with a default become constants: before IR version 4 every constant had to be an input, and
 * exporters still write weights so. Since then a default that is no floating-point number is taken
 * for a switch that callers may set, and stays.
 */
export function fixDefaults(model: Model): Model {
  const { graph, irVersion } = model;
  const isFixed = ({ name }: ValueInfo): boolean => {
    const value = graph.initializers.get(name);
    return value !== undefined && (irVersion < separateSince || floats.has(value.dtype));
  };
  const inputs = graph.inputs.filter((input) => !isFixed(input));
  return inputs.length === graph.inputs.length ? model : { ...model, graph: { ...graph, inputs } };
}
