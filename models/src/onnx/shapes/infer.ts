import { FleetError } from '@edgewise/protocol';
import type { Graph, Initializer, Model, Node, ValueInfo } from '../graph.ts';
import { cutRules } from './cuts.ts';
import { elementwiseRules } from './elementwise.ts';
import { type InnerWalk, outputsOfInner } from './inner-graphs.ts';
import { type Dim, type Known, knownConstant, unknown } from './known.ts';
import { matrixRules } from './matrix.ts';
import { moveRules } from './moves.ts';
import { numberRules } from './numbers.ts';
import { pickRules } from './picks.ts';
import { recurrentRules } from './recurrent.ts';
import { signalRules } from './signals.ts';
import { describe, type Rule, type Site, siteOf } from './site.ts';
import { windowRules } from './windows.ts';

/** One rule per operator of the standard domain; a new operator is one entry. */
const rules: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...elementwiseRules,
    ...windowRules,
    ...matrixRules,
    ...moveRules,
    ...cutRules,
    ...recurrentRules,
    ...pickRules,
    ...signalRules,
  }),
);

/**
 * Fills `graph.values` with the type and shape of every value that can be told without running,
 * and the shapes of the outputs. `inputDims` fixes inputs, so that symbols become numbers. What
 * cannot be told stays as the file says it. Throws `FleetError` `invalid-argument` for a node whose
 * inputs do not fit together.
 */
export function inferShapes(
  model: Model,
  inputDims: Readonly<Record<string, readonly number[]>> = {},
): Model {
  const { graph } = model;
  const fixed = graph.inputs.map((input) => ({
    ...input,
    dims: inputDims[input.name] ?? input.dims,
  }));
  // Shapes in the file may stand for other input sizes than the ones asked for.
  const trusted = Object.keys(inputDims).length === 0;
  const noted = (name: string): ValueInfo | undefined => {
    const info = notedIn(graph, name);
    return trusted || info === undefined ? info : { ...info, dims: undefined };
  };
  const known = walk({ ...graph, inputs: fixed }, model.opsets.get('') ?? 1, noted);
  const infoOf = (name: string): ValueInfo => {
    const { dtype, dims } = known.get(name) ?? unknown;
    return { name, dtype, dims };
  };
  const outputs = graph.outputs.map(({ name }) => infoOf(name));
  const names = graph.nodes.flatMap((node) => node.outputs);
  const inner = names.filter((name) => known.has(name) && !outputs.some((o) => o.name === name));
  const values = new Map(inner.map((name) => [name, infoOf(name)]));
  return { ...model, graph: { ...graph, inputs: fixed, outputs, values } };
}

/**
 * The numbers of values that can be told without running: what is computed from constants and sizes
 * by the operators with which exporters ask for a shape. Truth values are 0 and 1.
 */
export function knownNumbers(model: Model): (name: string) => readonly number[] | undefined {
  const known = walk(model.graph, model.opsets.get('') ?? 1, (name) => notedIn(model.graph, name));
  return (name) => {
    const value = known.get(name)?.value;
    return value?.every((item): item is number => typeof item === 'number') ? value : undefined;
  };
}

/** Type and shape of a value of an inferred graph, wherever the graph keeps them. */
export function valueInfoOf(graph: Graph, name: string): ValueInfo | undefined {
  const constant = graph.initializers.get(name);
  if (constant !== undefined) return { name, dtype: constant.dtype, dims: constant.dims };
  return (
    graph.values.get(name) ??
    graph.inputs.find((input) => input.name === name) ??
    graph.outputs.find((output) => output.name === name)
  );
}

/**
 * The sizes of a value that must be known as numbers. Throws `FleetError` `unsupported` and names
 * the node and operator that leaves them open.
 */
export function dimsOf(graph: Graph, name: string): readonly number[] {
  const dims = valueInfoOf(graph, name)?.dims;
  if (dims?.every((size): size is number => typeof size === 'number')) return dims;
  const producer = graph.nodes.find((node) => node.outputs.includes(name));
  const source = producer === undefined ? 'an input with open sizes' : `node ${describe(producer)}`;
  throw new FleetError('unsupported', `The shape of ${name} cannot be told: it is ${source}.`);
}

/** What a graph knows of the values around it. */
interface Surroundings {
  known(name: string): Known | undefined;
  constant(name: string): Initializer | undefined;
}

const nothing: Surroundings = { known: () => undefined, constant: () => undefined };

function walk(
  graph: Graph,
  opset: number,
  noted: (name: string) => ValueInfo | undefined,
  outer = nothing,
): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>(graph.inputs.map((input) => [input.name, input]));
  const constants = new Map<string, Initializer>(graph.initializers);
  for (const [name, constant] of constants) known.set(name, knownConstant(constant));
  const context = {
    opset,
    known: (name: string) => known.get(name) ?? outer.known(name),
    constant: (name: string) => constants.get(name) ?? outer.constant(name),
  };
  const inner: InnerWalk = (body, given) => {
    const inputs = body.inputs.map(({ name }, at) => ({ ...(given[at] ?? unknown), name }));
    const told = walk({ ...body, inputs }, opset, () => undefined, context);
    return body.outputs.map(({ name }) => told.get(name) ?? unknown);
  };
  for (const node of graph.nodes) {
    const site = siteOf(node, context);
    const told = outputsOfInner(node, site.input, inner) ?? toldBy(node, site);
    node.outputs.forEach((name, index) => {
      if (name !== '') known.set(name, refine(told[index] ?? unknown, noted(name)));
    });
    const held = node.op === 'Constant' ? node.attributes.get('value') : undefined;
    if (held?.type === 'tensor') constants.set(node.outputs[0] ?? '', held.value);
  }
  return known;
}

function toldBy({ op, domain }: Node, site: Site): readonly Known[] {
  if (domain !== '') return [];
  const [first = unknown, ...others] = rules.get(op)?.(site) ?? [];
  const value = Object.hasOwn(numberRules, op) ? numberRules[op]?.(site) : first.value;
  return [{ ...first, value }, ...others];
}

/** What the file says of a value. */
const notedIn = (graph: Graph, name: string): ValueInfo | undefined =>
  graph.values.get(name) ?? graph.outputs.find((output) => output.name === name);

/** Fills what a rule leaves open with what the file says. */
function refine(told: Known, noted: ValueInfo | undefined): Known {
  const dims = told.dims?.map((size, axis): Dim => size ?? noted?.dims?.[axis]) ?? noted?.dims;
  return { dtype: told.dtype ?? noted?.dtype, dims, value: told.value };
}
