import { FleetError } from '@edgewise/protocol';
import type { ModelInput } from '../bundle/manifest.ts';
import { int } from '../onnx/builder.ts';
import { namesOf, producersOf } from '../onnx/edit.ts';
import type { Graph, Model, ValueInfo } from '../onnx/graph.ts';
import { tensor } from '../tensor/tensor.ts';
import type { Columns } from './columns.ts';
import { createHeadWriter, type HeadWriter } from './head-writer.ts';
import { inputStatistics } from './input-statistics.ts';
import type { PrincipalComponents } from './principal-components.ts';

/** What the profile vector is made of. */
export interface ProfileHeadOptions {
  /** The model's input, as the manifest declares it. */
  readonly input: ModelInput;
  /** Names of a vector's columns, for tables. */
  readonly columns?: readonly string[];
  /** What the last layer with weights sees, and the components fitted to it on the reference set. */
  readonly penultimate?: { readonly name: string; readonly components: PrincipalComponents };
  /** Class probabilities [batch, classes]; absent for tasks without classes. */
  readonly probabilities?: string;
  /** Name of the new output; default `profile`. */
  readonly output?: string;
}

/** A graph that also gives its profile vector. */
export interface ProfiledModel {
  readonly model: Model;
  /** Names of the vector's columns, in order. */
  readonly features: readonly string[];
}

/**
 * Appends the profile vector, float32 [batch, features], to a graph that is otherwise left as it is:
 * statistics of the input, whitened principal components of the penultimate activations, the largest
 * probability and the entropy (in nats). Append it after quantization: it is computed in float32.
 * Throws `invalid-argument` for values that the graph does not have.
 */
export function appendProfileHead(model: Model, options: ProfileHeadOptions): ProfiledModel {
  const { graph } = model;
  const output = options.output ?? 'profile';
  const batch = batchOf(graph, options.input.name);
  const wanted = [options.penultimate?.name, options.probabilities].filter(
    (name) => name !== undefined,
  );
  assertValues(graph, wanted);
  if (namesOf(graph).has(output)) {
    throw new FleetError('invalid-argument', `The graph has a value "${output}" already.`);
  }
  const writer = createHeadWriter(model);
  const columns = [
    ...inputStatistics(writer, options.input, options.columns),
    ...componentsOf(writer, options.penultimate),
    ...certaintyOf(writer, options.probabilities),
  ];
  const features = columns.flatMap(({ names }) => names);
  const joined = writer.op(
    'Concat',
    columns.map(({ value }) => value),
    { axis: int(1) },
  );
  const value: ValueInfo = { name: output, dtype: 'float32', dims: [batch, features.length] };
  return { model: writer.build(value, joined), features };
}

/** The graph with inner float32 values as further outputs, to look at what passes through it. */
export function exposeValues(model: Model, names: readonly string[]): Model {
  const { graph } = model;
  assertValues(graph, names);
  const known = new Set(graph.outputs.map((output) => output.name));
  const added = names
    .filter((name) => !known.has(name))
    .map((name): ValueInfo => ({ name, dtype: 'float32', dims: undefined }));
  return { ...model, graph: { ...graph, outputs: [...graph.outputs, ...added] } };
}

function componentsOf(
  writer: HeadWriter,
  penultimate: ProfileHeadOptions['penultimate'],
): readonly Columns[] {
  if (penultimate === undefined || penultimate.components.components === 0) return [];
  const { mean, weights, components } = penultimate.components;
  const offset = new Float32Array(components);
  for (let column = 0; column < components; column++) {
    let sum = 0;
    for (let row = 0; row < mean.length; row++) {
      sum += (mean[row] ?? 0) * (weights[row * components + column] ?? 0);
    }
    offset[column] = -sum;
  }
  const seen = writer.float(penultimate.name);
  const flat = writer.isFlat(penultimate.name)
    ? seen
    : writer.op('Flatten', [seen], { axis: int(1) });
  const value = writer.op('Gemm', [
    flat,
    writer.constant(tensor('float32', [mean.length, components], weights)),
    writer.constant(tensor('float32', [components], offset)),
  ]);
  const names = Array.from({ length: components }, (_, index) => `component-${index + 1}`);
  return [{ value, names }];
}

/** Smaller probabilities add nothing to an entropy that anyone could see. */
const smallestProbability = 1e-7;

function certaintyOf(writer: HeadWriter, probabilities: string | undefined): readonly Columns[] {
  if (probabilities === undefined) return [];
  const floor = tensor('float32', [], Float32Array.of(smallestProbability));
  // Everything reads the one raised value: an engine would dequantize for each reader again.
  const value = writer.op('Max', [writer.float(probabilities), writer.constant(floor)]);
  const terms = writer.op('Mul', [value, writer.op('Log', [value])]);
  return [
    { value: writer.reduce('ReduceMax', value), names: ['confidence'] },
    { value: writer.op('Neg', [writer.reduce('ReduceSum', terms)]), names: ['entropy'] },
  ];
}

function batchOf(graph: Graph, input: string): number | string | undefined {
  const found = graph.inputs.find((value) => value.name === input);
  if (found === undefined) throw missing(input);
  return found.dims?.[0];
}

function assertValues(graph: Graph, names: readonly string[]): void {
  const producers = producersOf(graph.nodes);
  const inputs = new Set(graph.inputs.map((value) => value.name));
  for (const name of names) {
    if (!producers.has(name) && !inputs.has(name)) throw missing(name);
  }
}

function missing(name: string): FleetError {
  return new FleetError('invalid-argument', `The graph has no value "${name}".`);
}
