import { checkGraph } from '../onnx/check-graph.ts';
import { intOf } from '../onnx/edit.ts';
import type { Graph, Initializer, Model, Node } from '../onnx/graph.ts';
import { capturedBy } from './captured.ts';
import { foldConstants } from './fold-constants.ts';
import { heldConstant } from './held-constant.ts';
import { inlineBranches } from './inline-branches.ts';
import { toFloat32 } from './to-float32.ts';

/**
 * Makes plain what exporters wrap up: all floating-point numbers are float32, `Constant` nodes become constants of the graph, branches
 * that are always taken stand in the place of their `If`, and nodes that only pass a value on
 * (`Identity`, `Dropout` outside training) are bridged, and constants that are only rearranged are
 * stored as they come out. The nodes come out in topological order.
 * Throws `FleetError` `malformed` for a broken graph, as `checkGraph` does.
 */
export function tidy(model: Model): Model {
  const plain = toFloat32(checkGraph(model));
  const open = inlineBranches({ ...plain, graph: liftConstants(plain.graph) });
  return { ...open, graph: foldConstants(bridge(liftConstants(open.graph))) };
}

function liftConstants(graph: Graph): Graph {
  const initializers = new Map<string, Initializer>(graph.initializers);
  const nodes: Node[] = [];
  const outputs = new Set(graph.outputs.map((output) => output.name));
  for (const node of graph.nodes) {
    const [name = ''] = node.outputs;
    const held = heldConstant(node);
    if (held !== undefined && !outputs.has(name)) initializers.set(name, held);
    else nodes.push(node);
  }
  return { ...graph, nodes, initializers };
}

function bridge(graph: Graph): Graph {
  const source = new Map<string, string>();
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const captured = capturedBy(graph.nodes);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => source.get(name) ?? name);
    const [input = ''] = inputs;
    const [output = ''] = node.outputs;
    const free = !outputs.has(output) && !captured.has(output);
    if (free && passesOn(node, graph)) source.set(output, input);
    else nodes.push({ ...node, inputs });
  }
  return { ...graph, nodes };
}

function passesOn(node: Node, graph: Graph): boolean {
  if (node.domain !== '') return false;
  if (node.op === 'Identity') return true;
  if (node.op !== 'Dropout' || (node.outputs[1] ?? '') !== '') return false;
  const training = graph.initializers.get(node.inputs[2] ?? '');
  if ((node.inputs[2] ?? '') === '') return intOf(node, 'training_mode', 0) === 0;
  return training?.dtype === 'bool' && training.data[0] === 0;
}
