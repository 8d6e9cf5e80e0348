/** Reading and changing nodes, for those who rewrite graphs; nothing here changes what it is given. */
import { FleetError } from '@edgewise/protocol';
import type { Tensor } from '../tensor/tensor.ts';
import type { Attribute, Graph, Initializer, Node } from './graph.ts';

/** Everything a node reads: its inputs and what its inner graphs take from outside. */
export function readsOf(node: Node): readonly string[] {
  const names = node.inputs.filter((name) => name !== '');
  for (const graph of innerGraphsOf(node)) names.push(...capturesOf(graph));
  return names;
}

/** The graphs inside a node: branches and loop bodies. */
export function innerGraphsOf(node: Node): readonly Graph[] {
  const graphs: Graph[] = [];
  for (const attribute of node.attributes.values()) {
    if (attribute.type === 'graph') graphs.push(attribute.value);
    if (attribute.type === 'graphs') graphs.push(...attribute.value);
  }
  return graphs;
}

function capturesOf(graph: Graph): readonly string[] {
  const own = new Set([
    ...graph.inputs.map((input) => input.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const reads = [...graph.nodes.flatMap(readsOf), ...graph.outputs.map((output) => output.name)];
  return reads.filter((name) => !own.has(name));
}

/** A node's name, or its first output where it has none. */
export const nameOf = (node: Pick<Node, 'name' | 'outputs'>): string =>
  node.name === '' ? (node.outputs[0] ?? '') : node.name;

/** Who reads each value; graph outputs are not counted. */
export function consumersOf(nodes: Iterable<Node>): ReadonlyMap<string, readonly Node[]> {
  const consumers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const name of new Set(readsOf(node))) {
      const list = consumers.get(name);
      if (list === undefined) consumers.set(name, [node]);
      else list.push(node);
    }
  }
  return consumers;
}

/** The node that writes each value. */
export function producersOf(nodes: Iterable<Node>): ReadonlyMap<string, Node> {
  const producers = new Map<string, Node>();
  for (const node of nodes) {
    for (const name of node.outputs) if (name !== '') producers.set(name, node);
  }
  return producers;
}

/** Every name a graph uses, inner graphs included. */
export function namesOf(graph: Graph): ReadonlySet<string> {
  const names = new Set([
    ...graph.initializers.keys(),
    ...[...graph.inputs, ...graph.outputs].map((value) => value.name),
  ]);
  for (const node of graph.nodes) {
    for (const name of [...readsOf(node), ...node.outputs]) names.add(name);
    for (const inner of innerGraphsOf(node)) for (const name of namesOf(inner)) names.add(name);
  }
  return names;
}

/** Gives names that no value of the graph has: the stem itself where it is free. */
export function createFreshNames(graph: Graph): (stem: string) => string {
  const taken = new Set(namesOf(graph));
  return (stem) => {
    let name = stem;
    for (let suffix = 2; taken.has(name); suffix++) name = `${stem}_${suffix}`;
    taken.add(name);
    return name;
  };
}

/**
 * The nodes in an order in which each comes after what it reads, otherwise as they were.
 * Throws `FleetError` `malformed` for a cycle.
 */
export function sortNodes(nodes: readonly Node[]): readonly Node[] {
  const producers = producersOf(nodes);
  const sorted = new Set<Node>();
  const open = new Set<Node>();
  const visit = (first: Node): void => {
    const stack = [first];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const before = readsOf(node).map((name) => producers.get(name));
      const waiting = before.find((other) => other !== undefined && !sorted.has(other));
      if (waiting === undefined) {
        sorted.add(node);
        open.delete(node);
        stack.pop();
      } else if (open.has(waiting) || waiting === node) {
        throw new FleetError('malformed', `The graph runs in a circle at ${node.outputs[0]}.`);
      } else {
        open.add(node);
        stack.push(waiting);
      }
    }
  };
  for (const node of nodes) if (!sorted.has(node)) visit(node);
  return [...sorted];
}

/** The node with each of its inner graphs replaced. */
export function mapInnerGraphs(node: Node, change: (graph: Graph) => Graph): Node {
  if (innerGraphsOf(node).length === 0) return node;
  const attributes = new Map<string, Attribute>();
  for (const [name, attribute] of node.attributes) {
    attributes.set(name, withGraphs(attribute, change));
  }
  return { ...node, attributes };
}

function withGraphs(attribute: Attribute, change: (graph: Graph) => Graph): Attribute {
  if (attribute.type === 'graph') return { type: 'graph', value: change(attribute.value) };
  if (attribute.type === 'graphs') return { type: 'graphs', value: attribute.value.map(change) };
  return attribute;
}

/** The integer of an attribute. */
export function intOf(node: Node, name: string, fallback: number): number {
  const attribute: Attribute | undefined = node.attributes.get(name);
  return attribute?.type === 'int' ? Number(attribute.value) : fallback;
}

/** The float of an attribute. */
export function floatOf(node: Node, name: string, fallback: number): number {
  const attribute: Attribute | undefined = node.attributes.get(name);
  return attribute?.type === 'float' ? attribute.value : fallback;
}

/** The integers of an attribute; `undefined` when it is not given. */
export function intsOf(node: Node, name: string): readonly number[] | undefined {
  const attribute: Attribute | undefined = node.attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value.map(Number) : undefined;
}

/** The floats of an attribute; `undefined` when it is not given. */
export function floatsOf(node: Node, name: string): readonly number[] | undefined {
  const attribute: Attribute | undefined = node.attributes.get(name);
  return attribute?.type === 'floats' ? attribute.value : undefined;
}

/** Whether a constant holds float32 numbers. */
export function isFloat32(constant: Initializer | undefined): constant is Tensor<'float32'> {
  return constant?.dtype === 'float32';
}
