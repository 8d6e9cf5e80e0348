import { FleetError } from '@edgewise/protocol';
import { isFloat32, producersOf } from '../../onnx/edit.ts';
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
function whereIs(graph: Graph, name: string): string {
  const node = producersOf(graph.nodes).get(name);
  return node === undefined
    ? `input "${name}"`
    : `value "${name}" of ${node.op} "${node.name === '' ? name : node.name}"`;
}

/**
 * The refusal of a number that no range can hold, with its cause where that is a constant of the
 * node.
 */
export function notFinite(graph: Graph, name: string, feed: number): FleetError {
  const what = `In calibration run ${feed + 1}, ${whereIs(graph, name)} is NaN or infinite`;
  const { inputs = [] } = producersOf(graph.nodes).get(name) ?? {};
  for (const input of inputs) {
    const constant = graph.initializers.get(input);
    const at = isFloat32(constant)
      ? constant.data.findIndex((value) => !Number.isFinite(value))
      : -1;
    if (!isFloat32(constant) || at < 0) continue;
    const why = `for constant "${input}" holds ${constant.data[at]} at position ${at}`;
    const advice = 'Export the model again from sound weights.';
    return new FleetError('invalid-argument', `${what}, ${why}. ${advice}`);
  }
  return new FleetError('invalid-argument', `${what}. Check how the data were prepared.`);
}

/** The refusal of an empty set of inputs. */
export function nothingToRun(): FleetError {
  return new FleetError('insufficient-data', 'Calibration needs at least one input to run.');
}
