import { FleetError } from '@edgewise/protocol';
import type { DecodedModel, ReadOptions } from './decode.ts';
import type { FunctionBody } from './decode-function.ts';
import { type DecodedNode, decodeNode, type GraphContext } from './decode-graph.ts';
import { createFreshNames, mapInnerGraphs } from './edit.ts';
import type { Attribute, Graph, Model, Node } from './graph.ts';
import { readAttribute } from './read-attribute.ts';

/** Calls in calls deeper than this are refused: a function may not call itself. */
const maxDepth = 32;

/** More nodes than this are refused: a small file could ask for any number of calls. */
const maxNodes = 1_000_000;

/**
 * The model with each call of a function replaced by the function's nodes (ONNX IR, "Functions").
 * Inner values and nodes are named after the node that called. Throws `FleetError`: `malformed` for
 * a function that calls itself, `unsupported` for one written for another operator set.
 */
export function inlineFunctions({ model, functions }: DecodedModel, options: ReadOptions): Model {
  if (functions.length === 0) return model;
  const opsets = joinedOpsets(model, functions);
  const known = new Map(
    functions.map((body) => [keyOf(body.domain, body.name, body.overload), body]),
  );
  const fresh = createFreshNames(model.graph);
  const freshNode = createFreshNodeNames(model.graph.nodes);
  let count = 0;

  const expand = (node: DecodedNode, depth: number): readonly Node[] => {
    const body = known.get(keyOf(node.domain, node.op, node.overload ?? ''));
    if (body === undefined) {
      if (++count > maxNodes) throw new FleetError('unsupported', 'The model has too many calls.');
      return [mapInnerGraphs(node, (graph) => expandGraph(graph, depth))];
    }
    if (depth > maxDepth) {
      throw new FleetError('malformed', `Function ${body.name} calls itself.`);
    }
    const label = node.name || (node.outputs.find((name) => name !== '') ?? body.name);
    const rename = renaming(body, node, (name) => fresh(`${label}/${name}`));
    return bodyOf(body, node, options).flatMap((inner) => {
      const named = renamed(inner, rename);
      const name = inner.name === '' ? '' : freshNode(`${label}/${inner.name}`);
      return expand({ ...named, name }, depth + 1);
    });
  };
  const expandGraph = (graph: Graph, depth: number): Graph => ({
    ...graph,
    nodes: graph.nodes.flatMap((node) => expand(node, depth)),
  });
  return { ...model, opsets, graph: expandGraph(model.graph, 0) };
}

const keyOf = (domain: string, name: string, overload: string): string =>
  JSON.stringify([domain, name, overload]);

/** The model's operator sets with those that only functions use and without those of functions. */
function joinedOpsets(model: Model, functions: readonly FunctionBody[]): Model['opsets'] {
  const joined = new Map(model.opsets);
  for (const { name, opsets } of functions) {
    for (const [domain, version] of opsets) {
      const held = joined.get(domain);
      if (held !== undefined && held !== version) {
        throw new FleetError(
          'unsupported',
          `Function ${name} uses operator set ${version} of "${domain}", the model ${held}.`,
        );
      }
      joined.set(domain, version);
    }
  }
  const own = new Set(functions.map(({ domain }) => domain));
  return new Map([...joined].filter(([domain]) => domain === '' || !own.has(domain)));
}

function bodyOf(body: FunctionBody, call: Node, { external }: ReadOptions): readonly DecodedNode[] {
  const outside: GraphContext & { graph(): never } = {
    external,
    graph: () => {
      throw new FleetError('unsupported', `Function ${body.name} has a graph as a default.`);
    },
  };
  const given = new Map<string, Attribute>(
    body.defaults.flatMap((bytes) => {
      const attribute = readAttribute(bytes, outside);
      return attribute === undefined ? [] : [attribute];
    }),
  );
  for (const [name, attribute] of call.attributes) given.set(name, attribute);
  const context = { external, given: (name: string) => given.get(name) };
  return body.nodes.map((bytes) => decodeNode(bytes, context));
}

/** Names of the call for the function's inputs and outputs, fresh ones for everything between. */
function renaming(
  body: FunctionBody,
  call: Node,
  fresh: (name: string) => string,
): (name: string) => string {
  const names = new Map([['', '']]);
  body.inputs.forEach((name, at) => {
    names.set(name, call.inputs[at] ?? '');
  });
  body.outputs.forEach((name, at) => {
    const wanted = call.outputs[at] ?? '';
    if (wanted !== '') names.set(name, wanted);
  });
  return (name) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const chosen = fresh(name);
    names.set(name, chosen);
    return chosen;
  };
}

function renamed(node: Node, rename: (name: string) => string): Node {
  const inner = mapInnerGraphs(node, (graph) => renamedGraph(graph, rename));
  return { ...inner, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) };
}

function renamedGraph(graph: Graph, rename: (name: string) => string): Graph {
  const each = <T extends { readonly name: string }>(value: T): T => ({
    ...value,
    name: rename(value.name),
  });
  return {
    ...graph,
    inputs: graph.inputs.map(each),
    outputs: graph.outputs.map(each),
    nodes: graph.nodes.map((node) => renamed(node, rename)),
    initializers: new Map([...graph.initializers].map(([name, held]) => [rename(name), held])),
    values: new Map([...graph.values.values()].map(each).map((value) => [value.name, value])),
  };
}

function createFreshNodeNames(nodes: readonly Node[]): (stem: string) => string {
  const taken = new Set(nodes.map(({ name }) => name));
  return (stem) => {
    let name = stem;
    for (let suffix = 2; taken.has(name); suffix++) name = `${stem}_${suffix}`;
    taken.add(name);
    return name;
  };
}
