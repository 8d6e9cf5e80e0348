import { FleetError } from '@edgewise/protocol';
import { innerGraphsOf, mapInnerGraphs, sortNodes } from './edit.ts';
import type { Graph, Model, Node } from './graph.ts';
import { requiredInputs } from './required-inputs.ts';
import { describe } from './shapes/site.ts';

/**
 * The model with its nodes in an order in which each comes after what it reads, otherwise as it
 * was. Throws `FleetError` `malformed`, naming the node or value, when
 * a value is read but given by nothing, or given twice; an output of a graph comes from outside it;
 * two nodes have the same name; a node lacks an input that its operator needs;
 * the graph runs in a circle.
 */
export function checkGraph(model: Model): Model {
  return { ...model, graph: checkOne(model.graph, new Set()) };
}

function checkOne(graph: Graph, outer: ReadonlySet<string>): Graph {
  const given = givenBy(graph);
  const known = new Set([...outer, ...given]);
  const names = new Set<string>();
  for (const node of graph.nodes) {
    if (node.name !== '' && names.has(node.name)) refuse(`Two nodes are named "${node.name}".`);
    names.add(node.name);
    checkInputs(node, known);
  }
  const missing = graph.outputs.find(({ name }) => !given.has(name));
  if (missing !== undefined) refuse(`Output "${missing.name}" is given by nothing.`);
  const nested = graph.nodes.map((node) => mapInnerGraphs(node, (inner) => checkOne(inner, known)));
  return { ...graph, nodes: isSorted(nested) ? nested : sortNodes(nested) };
}

/** The values a graph gives: its inputs and constants and what its nodes write. */
function givenBy(graph: Graph): ReadonlySet<string> {
  const given = new Set<string>();
  for (const { name } of graph.inputs) {
    if (name === '') refuse('An input of the graph has no name.');
    if (given.has(name)) refuse(`Two inputs are named "${name}".`);
    given.add(name);
  }
  // A constant under the name of an input is the input's default.
  for (const name of graph.initializers.keys()) given.add(name);
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (given.has(name)) refuse(`Node ${describe(node)} gives "${name}" a second time.`);
      given.add(name);
    }
  }
  return given;
}

function checkInputs(node: Node, known: ReadonlySet<string>): void {
  const unknown = node.inputs.find((name) => name !== '' && !known.has(name));
  if (unknown !== undefined) {
    refuse(`Node ${describe(node)} reads "${unknown}", which is given by nothing.`);
  }
  const needed = node.domain === '' ? (requiredInputs.get(node.op) ?? 0) : 0;
  for (let index = 0; index < needed; index++) {
    if ((node.inputs[index] ?? '') === '') {
      refuse(`Node ${describe(node)} lacks input ${index + 1} of at least ${needed}.`);
    }
  }
}

/** Whether each node comes after what it reads. */
function isSorted(nodes: readonly Node[]): boolean {
  const later = new Set(nodes.flatMap((node) => node.outputs));
  for (const node of nodes) {
    if (readsOneOf(node, later)) return false;
    for (const name of node.outputs) later.delete(name);
  }
  return true;
}

function readsOneOf(node: Node, later: ReadonlySet<string>): boolean {
  if (node.inputs.some((name) => name !== '' && later.has(name))) return true;
  return innerGraphsOf(node).some(
    (graph) =>
      graph.nodes.some((inner) => readsOneOf(inner, later)) ||
      graph.outputs.some(({ name }) => later.has(name)),
  );
}

function refuse(message: string): never {
  throw new FleetError('malformed', message);
}
