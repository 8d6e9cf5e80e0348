import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder, int, ints } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { createRandom } from '../random/random.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { floatType } from './gradients/write.ts';
import type { LayerCall, Parameter } from './layers/layer.ts';
import { kindOf } from './layers/layers.ts';
import { purposes } from './purposes.ts';
import type { Recipe } from './recipe.ts';

/** Names of the values that every trained model has. */
export const modelNames = {
  input: 'input',
  /** Scores before softmax, `[N, classes]`. */
  logits: 'logits',
  probabilities: 'probabilities',
  /** What the last layer with weights sees: an inner value, for profiles. */
  features: 'features',
} as const;

/** Tensors of a network by name. */
export type Weights = ReadonlyMap<string, Tensor>;

/** Sizes of one sample before each layer, and after the last; throws `invalid-argument` naming the layer that cannot follow. */
export function layerSizes(recipe: Recipe): readonly (readonly number[])[] {
  const sizes = [channelsFirst(recipe)];
  for (const [index, layer] of recipe.layers.entries()) {
    const next = kindOf(layer).resize(layer, sizes[index] ?? []);
    if ('misfit' in next) {
      const reason = `Layer ${index} (${layer.kind}) does not fit: ${next.misfit}.`;
      throw new FleetError('invalid-argument', reason, { detail: { layer: index } });
    }
    sizes.push([...next]);
  }
  const last = sizes.at(-1) ?? [];
  if (last.length !== 1 || (last[0] ?? 0) < 2) {
    const index = recipe.layers.length - 1;
    throw new FleetError(
      'invalid-argument',
      `Layer ${index} (${recipe.layers[index]?.kind}) ends the network with [${last.join(', ')}]; a classification ends with a dense layer of at least 2 units.`,
      { detail: { layer: index } },
    );
  }
  return sizes;
}

/** How many classes a checked recipe tells apart. */
export function classCount(recipe: Recipe): number {
  return layerSizes(recipe).at(-1)?.[0] ?? 0;
}

/** All tensors of the network that a recipe describes under their full names, in the order of its layers. */
export function networkParameters(recipe: Recipe): readonly Parameter[] {
  const sizes = layerSizes(recipe);
  return recipe.layers.flatMap((layer, index) =>
    (kindOf(layer).parameters?.(layer, sizes[index] ?? []) ?? []).map((parameter) => ({
      ...parameter,
      name: parameterName(layer.kind, index, parameter.name),
    })),
  );
}

/** Weights to start from; the same seed gives the same bytes on every platform. */
export function initialWeights(recipe: Recipe, seed: number): Weights {
  return new Map(
    networkParameters(recipe).map(({ name, dims, start }, index) => {
      const data = new Float32Array(elementCount(dims));
      if ('fill' in start) data.fill(start.fill);
      else if ('blocks' in start) {
        const size = data.length / start.blocks.length;
        for (const [at, value] of start.blocks.entries()) {
          data.fill(value, at * size, (at + 1) * size);
        }
      } else {
        const random = createRandom(seed, purposes.weights, index);
        const bound = Math.sqrt(6 / start.fanIn);
        for (let at = 0; at < data.length; at++) data[at] = random.between(-bound, bound);
      }
      return [name, tensor('float32', dims, data)];
    }),
  );
}

/** Which form of the network is wanted. */
export interface NetworkForm {
  readonly mode: 'training' | 'inference';
  /** Samples per run; the symbol `N` for any number. */
  readonly batch: number | 'N';
}

/** The graph of a recipe with the given weights. In training it ends at the logits. */
export function buildNetwork(recipe: Recipe, weights: Weights, form: NetworkForm): Model {
  const graph = createGraphBuilder({ name: recipe.name });
  const { mode, batch } = form;
  const sizes = layerSizes(recipe);
  for (const { name } of networkParameters(recipe)) {
    const value = weights.get(name);
    if (value !== undefined) graph.initializer(name, value);
  }
  const written = recipe.layers
    .map((layer, index) => ({ layer, index, kind: kindOf(layer), dims: sizes[index] ?? [] }))
    .filter(({ kind }) => mode === 'training' || kind.onlyInTraining !== true);
  const names = outputNames(written.map(({ layer, index }) => ({ kind: layer.kind, index })));
  let input = writeInput(graph, recipe, { form, output: names[0] ?? '' });
  for (const [at, { layer, index, kind, dims }] of written.entries()) {
    const output = names[at + 1] ?? '';
    const parameter = (name: string): string => parameterName(layer.kind, index, name);
    const call: LayerCall = { graph, mode, input, dims, output, parameter };
    kind.write(layer, call);
    input = output;
  }
  const classes = sizes.at(-1) ?? [];
  graph.output(modelNames.logits, 'float32', [batch, ...classes]);
  if (mode === 'inference') {
    graph.op('Softmax', [input], {
      output: modelNames.probabilities,
      attributes: { axis: int(1) },
    });
    graph.output(modelNames.probabilities, 'float32', [batch, ...classes]);
  }
  return graph.build();
}

/** The names of the value before each written layer and after the last. */
function outputNames(
  written: readonly { readonly kind: string; readonly index: number }[],
): readonly string[] {
  const lastDense = written.findLastIndex(({ kind }) => kind === 'dense');
  return ['scaled', ...written.map(({ kind, index }) => `${kind}${index}`)].map((name, at) => {
    if (at === written.length) return modelNames.logits;
    return at === lastDense ? modelNames.features : name;
  });
}

/** Scales the raw input and brings channels to the front. */
export function writeInput(
  graph: GraphBuilder,
  recipe: Pick<Recipe, 'input'>,
  { form, output }: { readonly form: NetworkForm; readonly output: string },
): string {
  const { shape, dtype, scale, offset = 0 } = recipe.input;
  let value = graph.input(modelNames.input, dtype, [form.batch, ...shape]);
  if (isChannelsLast(recipe)) value = toChannelsFirst(graph, value, channelsFirst(recipe));
  if (dtype !== 'float32') {
    value = graph.op('Cast', [value], { attributes: { to: int(floatType) } });
  }
  if (offset === 0) return graph.op('Mul', [value, graph.scalar(scale)], { output });
  value = graph.op('Mul', [value, graph.scalar(scale)]);
  return graph.op('Add', [value, graph.scalar(offset)], { output });
}

/** One channel needs no transposition, and engines handle a trailing axis of 1 badly. */
function toChannelsFirst(graph: GraphBuilder, value: string, dims: readonly number[]): string {
  if (dims[0] === 1) return graph.op('Reshape', [value, graph.ints([0, ...dims])]);
  const spatial = dims.slice(1).map((_, axis) => axis + 1);
  return graph.op('Transpose', [value], {
    attributes: { perm: ints([0, dims.length, ...spatial]) },
  });
}

/** Sizes of one sample with its channels in front, as networks see it. */
export function channelsFirst(recipe: Pick<Recipe, 'input'>): number[] {
  const { shape } = recipe.input;
  return isChannelsLast(recipe) ? [...shape.slice(-1), ...shape.slice(0, -1)] : [...shape];
}

function isChannelsLast({ input }: Pick<Recipe, 'input'>): boolean {
  return input.shape.length > 1 && (input.layout ?? 'hwc') === 'hwc';
}

const parameterName = (kind: string, index: number, name: string): string =>
  `${kind}${index}.${name}`;
