import { FleetError } from '@edgewise/protocol';
import { producersOf } from '../../onnx/edit.ts';
import type { Graph, Model } from '../../onnx/graph.ts';
import { inferShapes, valueInfoOf } from '../../onnx/shapes/infer.ts';

/** Names of the float32 values that nodes read or write, constants left out, in graph order. */
export function observedValues(model: Model): readonly string[] {
  const { graph } = inferShapes(model);
  const names = new Set(graph.nodes.flatMap((node) => [...node.inputs, ...node.outputs]));
  return [...names].filter(
    (name) => !graph.initializers.has(name) && valueInfoOf(graph, name)?.dtype === 'float32',
  );
}

/** Names a value by what writes it, for whoever must find it in the model. */
export function whereIs(graph: Graph, name: string): string {
  const node = producersOf(graph.nodes).get(name);
  return node === undefined
    ? `input "${name}"`
    : `value "${name}" of ${node.op} "${node.name === '' ? name : node.name}"`;
}

/** The refusal of a number that no range can hold. */
export function notFinite(graph: Graph, name: string, feed: number): FleetError {
  return new FleetError(
    'invalid-argument',
    `Calibration input ${feed + 1} makes ${whereIs(graph, name)} NaN or infinite.`,
  );
}

/** The refusal of an empty set of inputs. */
export function nothingToRun(): FleetError {
  return new FleetError('insufficient-data', 'Calibration needs at least one input to run.');
}
