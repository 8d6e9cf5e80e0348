import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder, int, ints } from '../../onnx/builder.ts';
import { createFreshNames, namesOf } from '../../onnx/edit.ts';
import type { Graph, Model, Node } from '../../onnx/graph.ts';
import { dimsOf, inferShapes } from '../../onnx/shapes/infer.ts';
import { eliminateDead } from '../../shrink/eliminate-dead.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  channelsFirst,
  modelNames,
  type NetworkForm,
  type Weights,
  writeInput,
} from '../network.ts';
import type { Recipe } from '../recipe.ts';
import { renameValues } from '../rename.ts';
import { findHead } from './head.ts';
import { peelInput } from './peel-input.ts';

/** A prepared model without its head, and what the new head reads. */
export interface Body {
  readonly name: string;
  readonly opset: number;
  /** Ends at `features`; has one input, `scaled`. */
  readonly graph: Graph;
  readonly input: Recipe['input'];
  /** How many numbers the head sees per sample. */
  readonly width: number;
  /** Where the channels stand in what the body gives; the head sees their means over other axes. */
  readonly channels: 'only' | 'first' | 'last';
  /** How many axes that has, with the batch. */
  readonly rank: number;
}

/** Names of the new head's weights. */
export const headNames = { weight: 'head.weight', bias: 'head.bias' } as const;
const bodyNames = { input: 'scaled', features: 'body_features' } as const;

/**
 * Takes the head off a prepared model. Throws `invalid-argument` where the model's input is not the
 * recipe's, and `unsupported` for a model without a head, with several inputs or with a batch size
 * of its own.
 */
export function bodyOf(whole: Model, given: Recipe['input'] | undefined): Body {
  const [first] = inputsOf(whole.graph);
  const peeled = first && peelInput(whole, first);
  const model = peeled?.model ?? whole;
  const inputs = inputsOf(model.graph);
  const [own] = inputs;
  if (own === undefined || inputs.length !== 1 || own.dtype !== 'float32') {
    const list = inputs.map(({ name, dtype }) => `${name} (${dtype ?? 'unknown'})`).join(', ');
    throw new FleetError(
      'unsupported',
      `A model that is trained further has one float32 input, or one of bytes that it only casts and scales; but this one has ${list || 'none'}.`,
    );
  }
  const input = given ?? peeled?.input ?? ownInput(own.name, own.dims?.slice(1) ?? []);
  const { node: head, features } = findHead(model.graph);
  const cut = eliminateDead({
    ...model,
    graph: {
      ...model.graph,
      outputs: [{ name: features, dtype: 'float32', dims: undefined }],
    },
  });
  const graph = features === own.name ? passingOn() : renamed(cut.graph, own.name, features);
  const dims = featureSizes({ ...cut, graph }, channelsFirst({ input }));
  if (dims.length < 2) {
    const reason = `The head of the model sees a value of sizes [${dims.join(', ')}], no batch of features.`;
    throw new FleetError('unsupported', reason);
  }
  const rank = dims.length;
  const channels = rank === 2 ? 'only' : head.op === 'Conv' ? 'first' : 'last';
  const width = dims.at(channels === 'last' ? -1 : 1) ?? 0;
  const opset = Math.max(13, model.opsets.get('') ?? 17);
  return { name: cut.graph.name, opset, graph, input, width, channels, rank };
}

const inputsOf = ({ inputs, initializers }: Graph): Graph['inputs'] =>
  inputs.filter(({ name }) => !initializers.has(name));

/** Sizes of what the head sees; they must follow the batch, whatever its size. */
function featureSizes(model: Model, sizes: readonly number[]): readonly number[] {
  const isOpen = model.graph.inputs.every(({ dims }) => typeof dims?.[0] !== 'number');
  const [two = [], three = []] = [2, 3].map((batch) => {
    try {
      const { graph } = inferShapes(model, { [bodyNames.input]: [batch, ...sizes] });
      return dimsOf(graph, bodyNames.features);
    } catch (error) {
      if (isOpen) throw error;
      throw ownBatch(error);
    }
  });
  const isScalar = two.length === 0;
  const follows = two[0] === 2 && three[0] === 3 && two.slice(1).join() === three.slice(1).join();
  if (!isScalar && !follows) throw ownBatch(undefined);
  return two;
}

function ownBatch(cause: unknown): FleetError {
  const reason =
    'The model works only for the batch size that it was exported with; export it with an open first size (dynamic_axes or dynamic_shapes).';
  return new FleetError('unsupported', reason, { cause });
}

function ownInput(name: string, dims: readonly (number | string | undefined)[]): Recipe['input'] {
  if (dims.length === 0 || dims.length > 3) {
    throw new FleetError(
      'unsupported',
      `The model's input "${name}" has ${dims.length} sizes beside the batch; known are vectors, series and images.`,
    );
  }
  if (!dims.every((size) => typeof size === 'number')) {
    throw new FleetError(
      'invalid-argument',
      `The model's input "${name}" has open sizes [${dims.map((size) => size ?? '?').join(', ')}]: the recipe's "input" must say them.`,
    );
  }
  return { shape: [...dims] as number[], layout: 'chw', dtype: 'float32', scale: 1 };
}

/** The body of a model that is nothing but its head. */
function passingOn(): Graph {
  const { input, features } = bodyNames;
  return {
    name: 'body',
    nodes: [{ ...placeholder([features]), op: 'Identity', inputs: [input] }],
    inputs: [{ name: input, dtype: 'float32', dims: undefined }],
    outputs: [{ name: features, dtype: 'float32', dims: undefined }],
    initializers: new Map(),
    values: new Map(),
  };
}

/** Gives input and features the names they have here, and other values that are called so new ones. */
function renamed(graph: Graph, input: string, features: string): Graph {
  const fresh = createFreshNames({
    ...graph,
    nodes: [
      ...graph.nodes,
      placeholder([...Object.values(modelNames), ...Object.values(bodyNames)]),
    ],
  });
  const taken = new Set<string>([
    ...Object.values(modelNames),
    ...Object.values(bodyNames),
    ...Object.values(headNames),
  ]);
  const names = new Map<string, string>();
  const nameOf = (name: string): string => {
    if (name === input) return bodyNames.input;
    if (name === features) return bodyNames.features;
    if (!taken.has(name)) return name;
    const known = names.get(name) ?? fresh(name);
    names.set(name, known);
    return known;
  };
  return {
    ...renameValues(graph, nameOf),
    inputs: [{ name: bodyNames.input, dtype: 'float32', dims: undefined }],
    outputs: [{ name: bodyNames.features, dtype: 'float32', dims: undefined }],
    values: new Map(),
  };
}

/** A node that only makes names known. */
const placeholder = (outputs: readonly string[]): Node => ({
  ...{ name: '', op: 'Constant', domain: '', inputs: [], outputs, attributes: new Map() },
});

/** Body and new head with the given weights. In training the graph ends at the logits. */
export function buildTuned(
  body: Body,
  {
    weights,
    classes,
    form,
  }: { readonly weights: Weights; readonly classes: number; readonly form: NetworkForm },
): Model {
  const graph = createGraphBuilder({
    ...{ name: body.name, opset: body.opset, reserved: namesOf(body.graph) },
  });
  for (const [name, value] of body.graph.initializers) {
    graph.initializer(name, weights.get(name) ?? value);
  }
  for (const name of Object.values(headNames)) graph.initializer(name, weights.get(name) as Tensor);
  writeInput(graph, body, { form, output: bodyNames.input });
  // Where the head sees the body's own output, that has the name: a copy would not outlive tidying.
  const nameOf = (name: string): string =>
    name === bodyNames.features && body.channels === 'only' ? modelNames.features : name;
  for (const { op, inputs, outputs, attributes, domain } of body.graph.nodes) {
    graph.ops(op, inputs.map(nameOf), outputs.map(nameOf), {
      attributes: Object.fromEntries(attributes),
      domain,
    });
  }
  if (body.channels !== 'only') writeMeans(graph, body);
  graph.op('Gemm', [modelNames.features, headNames.weight, headNames.bias], {
    output: modelNames.logits,
    attributes: { transB: int(1) },
  });
  graph.output(modelNames.logits, 'float32', [form.batch, classes]);
  if (form.mode === 'inference') {
    graph.op('Softmax', [modelNames.logits], {
      output: modelNames.probabilities,
      attributes: { axis: int(1) },
    });
    graph.output(modelNames.probabilities, 'float32', [form.batch, classes]);
  }
  return graph.build();
}

/** The means of images or series, which the head sees. */
function writeMeans(graph: GraphBuilder, { channels, rank }: Body): void {
  const inner = Array.from({ length: rank - 2 }, (_, at) => at + 1);
  const images =
    channels === 'first'
      ? bodyNames.features
      : graph.op('Transpose', [bodyNames.features], {
          attributes: { perm: ints([0, rank - 1, ...inner]) },
        });
  const mean = graph.op('GlobalAveragePool', [images]);
  graph.op('Flatten', [mean], { output: modelNames.features, attributes: { axis: int(1) } });
}
