import { FleetError } from '@edgewise/protocol';
import { innerGraphsOf, isFloat32, nameOf } from '../onnx/edit.ts';
import type { Graph, Model, Node, ValueInfo } from '../onnx/graph.ts';
import { inferShapes } from '../onnx/shapes/infer.ts';
import { heldConstant } from '../shrink/held-constant.ts';
import { tidy } from '../shrink/tidy.ts';
import { elementCount } from '../tensor/tensor.ts';
import { macsOf } from './macs.ts';
import { type PeakMemory, peakActivationMemory } from './memory.ts';

/** What a model is made of and what one run of it costs. */
export interface Inspection {
  readonly producer: string;
  readonly irVersion: number;
  /** Operator set by domain; `''` is the standard one. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly InspectedValue[];
  readonly outputs: readonly InspectedValue[];
  /** How often each operator occurs, most frequent first; other domains as `domain:Op`. */
  readonly operators: readonly { readonly op: string; readonly count: number }[];
  /** Numbers that nodes compute with: scales, zero points, shapes and indices are not counted. */
  readonly parameters: number;
  /** Share of the parameters that have eight bits or fewer, 0 to 1. */
  readonly int8Share: number;
  /** Multiply-accumulates of one run, without the nodes in `unknownCost`. */
  readonly macs: number;
  readonly unknownCost: readonly string[];
  readonly peakActivation: PeakMemory;
  /** What lies inside branches and loop bodies and is not counted, since nobody knows how often it runs. */
  readonly inner: readonly InnerNodes[];
  readonly layers: readonly InspectedLayer[];
}

/** Name and type of an input or output; sizes that were assumed are numbers. */
export interface InspectedValue {
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly (number | string)[];
}

/** What lies inside one If, Loop or Scan, at any depth. */
export interface InnerNodes {
  readonly node: string;
  readonly op: string;
  readonly nodes: number;
  /** Numbers in its constants of floating point. */
  readonly parameters: number;
}

/** A node that multiplies and accumulates. */
export interface InspectedLayer {
  readonly node: string;
  readonly op: string;
  readonly macs: number;
  readonly parameters: number;
}

/**
 * Looks at a model without running it, for one sample: an open first size of an input is taken as
 * 1, other open sizes only as `dims` says; what depends on them is in `unknownCost`. Throws what
 * `inferShapes` throws for sizes that do not fit, and `invalid-argument` for an unknown input.
 */
export function inspectModel(
  model: Model,
  dims: Readonly<Record<string, readonly number[]>> = {},
): Inspection {
  const { graph } = inferShapes(withDims(tidy(model), dims));
  const layers: InspectedLayer[] = [];
  const unknownCost: string[] = [];
  for (const node of graph.nodes) {
    const macs = macsOf(graph, node);
    if (macs === undefined) unknownCost.push(nameOf(node));
    else if (macs > 0) {
      const parameters = parametersOf(graph, node);
      layers.push({ node: nameOf(node), op: node.op, macs, parameters });
    }
  }
  const { parameters, small } = countParameters(graph);
  return {
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    irVersion: model.irVersion,
    opsets: Object.fromEntries(model.opsets),
    inputs: graph.inputs.map(inspected),
    outputs: graph.outputs.map(inspected),
    operators: countOperators(model.graph),
    parameters,
    int8Share: parameters === 0 ? 0 : small / parameters,
    macs: layers.reduce((sum, layer) => sum + layer.macs, 0),
    unknownCost,
    peakActivation: peakActivationMemory(graph),
    inner: graph.nodes.flatMap(innerOf),
    layers,
  };
}

/** The model with its inputs fixed as far as they are known, and nothing noted for other sizes. */
function withDims(model: Model, given: Readonly<Record<string, readonly number[]>>): Model {
  const { graph } = model;
  const stray = Object.keys(given).find((name) => !graph.inputs.some((each) => each.name === name));
  if (stray !== undefined) {
    const names = graph.inputs.map(({ name }) => name).join(', ');
    throw new FleetError('invalid-argument', `The model has no input "${stray}", only ${names}.`);
  }
  const inputs = graph.inputs.map((input) => ({
    ...input,
    dims:
      given[input.name] ??
      input.dims?.map((size, axis) => (axis === 0 && typeof size !== 'number' ? 1 : size)),
  }));
  const outputs = graph.outputs.map((output) => ({ ...output, dims: undefined }));
  return { ...model, graph: { ...graph, inputs, outputs, values: new Map() } };
}

function countOperators({ nodes }: Graph): Inspection['operators'] {
  const counts = new Map<string, number>();
  for (const { op, domain } of nodes) {
    const name = domain === '' ? op : `${domain}:${op}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([op, count]) => ({ op, count }))
    .sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
}

function innerOf(node: Node): readonly InnerNodes[] {
  const graphs = innerGraphsOf(node);
  if (graphs.length === 0) return [];
  const counts = graphs.map(countInner);
  const sum = (of: 'nodes' | 'parameters') => counts.reduce((total, each) => total + each[of], 0);
  return [{ node: nameOf(node), op: node.op, nodes: sum('nodes'), parameters: sum('parameters') }];
}

function countInner(graph: Graph): Pick<InnerNodes, 'nodes' | 'parameters'> {
  let nodes = graph.nodes.length;
  let parameters = 0;
  const held = graph.nodes.map(heldConstant);
  for (const constant of [...graph.initializers.values(), ...held]) {
    if (isFloat32(constant)) parameters += elementCount(constant.dims);
  }
  for (const inner of graph.nodes.flatMap(innerOf)) {
    nodes += inner.nodes;
    parameters += inner.parameters;
  }
  return { nodes, parameters };
}

/** Inputs of these operators that set a grid, not a number to compute with. */
const gridOperators = new Set(['QuantizeLinear', 'DequantizeLinear']);

const smallTypes: ReadonlySet<string> = new Set(['int8', 'uint8', 'int4', 'uint4']);

function countParameters(graph: Graph): { readonly parameters: number; readonly small: number } {
  const counted = new Set(graph.nodes.flatMap((node) => parameterNames(graph, node)));
  let parameters = 0;
  let small = 0;
  for (const name of counted) {
    const constant = graph.initializers.get(name);
    if (constant === undefined) continue;
    const elements = elementCount(constant.dims);
    parameters += elements;
    if (smallTypes.has(constant.dtype)) small += elements;
  }
  return { parameters, small };
}

/** Constants of a node that are weights: floats anywhere, integers where they stand for floats. */
function parameterNames({ initializers }: Graph, node: Node): readonly string[] {
  const names = gridOperators.has(node.op) ? node.inputs.slice(0, 1) : node.inputs;
  return names.filter((name) => {
    const dtype = initializers.get(name)?.dtype;
    if (dtype === undefined || dtype === 'int64' || dtype === 'bool' || dtype === 'string')
      return false;
    return dtype !== 'int32' || gridOperators.has(node.op);
  });
}

/** Parameters of one layer, looked up through the DequantizeLinear nodes in front of it. */
function parametersOf(graph: Graph, node: Node): number {
  const producers = new Map(
    graph.nodes
      .filter(({ op }) => op === 'DequantizeLinear')
      .map((each) => [each.outputs[0] ?? '', each.inputs[0] ?? '']),
  );
  const names = new Set(node.inputs.map((name) => producers.get(name) ?? name));
  let sum = 0;
  for (const name of names) sum += elementCount(graph.initializers.get(name)?.dims ?? [0]);
  return sum;
}

const inspected = ({ name, dtype, dims }: ValueInfo): InspectedValue => ({
  name,
  dtype: dtype ?? 'other',
  dims: dims?.map((size) => size ?? '?') ?? ['...'],
});
