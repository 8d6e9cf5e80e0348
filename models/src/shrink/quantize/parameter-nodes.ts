import { consumersOf } from '../../onnx/edit.ts';
import type { Graph, Node } from '../../onnx/graph.ts';

/** Inputs, by operator, that steer the computation: scales and regions, which no grid may round. */
const parameterInputs: Readonly<Record<string, readonly number[]>> = {
  Resize: [1, 2, 3],
  Upsample: [1],
};

/**
 * First outputs of the nodes whose results only serve as scales and the like, directly or through
 * further nodes: int8 there would change the sizes of what follows.
 */
export function parameterNodes(graph: Graph): ReadonlySet<string> {
  const readers = consumersOf(graph.nodes);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const found = new Set<string>();
  const steers = (name: string): boolean => {
    const reading = readers.get(name) ?? [];
    if (reading.length === 0 || outputs.has(name)) return false;
    return reading.every((node) => isParameter(node, name) || found.has(node.outputs[0] ?? ''));
  };
  for (const node of graph.nodes.toReversed()) {
    const given = node.outputs.filter((name) => name !== '');
    if (given.length > 0 && given.every(steers)) found.add(node.outputs[0] ?? '');
  }
  return found;
}

function isParameter(node: Node, name: string): boolean {
  if (node.domain !== '' || !Object.hasOwn(parameterInputs, node.op)) return false;
  return node.inputs.every(
    (input, at) => input !== name || parameterInputs[node.op]?.includes(at) === true,
  );
}
