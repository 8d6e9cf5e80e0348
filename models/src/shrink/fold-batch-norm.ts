import {
  consumersOf,
  createFreshNames,
  floatOf,
  intOf,
  isFloat32,
  producersOf,
} from '../onnx/edit.ts';
import type { Graph, Model, Node } from '../onnx/graph.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { weightLayoutOf } from './weight-layout.ts';

/**
 * Folds each batch normalisation into the Conv, ConvTranspose or Gemm before it, where that has no
 * other reader and all parameters are constants:
 * `w' = w * g / sqrt(v + e)`, `b' = (b - m) * g / sqrt(v + e) + t` (Jacob et al. 2018, 3.2), in
 * double precision, rounded once.
 */
export function foldBatchNorm(model: Model): Model {
  let { graph } = model;
  for (const node of model.graph.nodes) {
    if (node.op === 'BatchNormalization' && node.domain === '') graph = foldOne(graph, node);
  }
  return { ...model, graph };
}

/** What a batch normalisation does to channel c: `x * factor[c] + offset[c]`. */
interface Affine {
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

function foldOne(graph: Graph, norm: Node): Graph {
  const [input = '', ...parameters] = norm.inputs;
  const producer = producersOf(graph.nodes).get(input);
  const readers = consumersOf(graph.nodes).get(input)?.length;
  const seen = graph.outputs.some((output) => output.name === input);
  if (producer === undefined || readers !== 1 || seen) return graph;
  const affine = affineOf(
    norm,
    parameters.map((name) => floats(graph, name)),
  );
  const layer = layerOf(graph, producer);
  if (affine === undefined || layer === undefined) return graph;
  if (layer.channels !== affine.factor.length) return graph;

  const [data = '', weightName = '', biasName = ''] = producer.inputs;
  const nameFor = namesFor(graph);
  const weight = nameFor(weightName);
  const bias = biasName === '' ? createFreshNames(graph)(`${weightName}_bias`) : nameFor(biasName);
  const folded: Node = {
    ...producer,
    inputs: [data, weight, bias],
    outputs: norm.outputs.slice(0, 1),
    attributes: withoutBeta(producer),
  };
  return {
    ...graph,
    nodes: graph.nodes.filter((node) => node !== norm).map((n) => (n === producer ? folded : n)),
    initializers: new Map([
      ...graph.initializers,
      [weight, scaledWeight(layer, affine)],
      [bias, shiftedBias(layer, affine)],
    ]),
  };
}

/** Constants keep the names that people know them by, where nothing else reads them. */
function namesFor(graph: Graph): (constant: string) => string {
  const consumers = consumersOf(graph.nodes);
  const visible = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const fresh = createFreshNames(graph);
  const isOwn = (name: string): boolean => consumers.get(name)?.length === 1 && !visible.has(name);
  return (constant) => (isOwn(constant) ? constant : fresh(constant));
}

function affineOf(
  norm: Node,
  parameters: readonly (Float32Array | undefined)[],
): Affine | undefined {
  const [gain, shift, mean, variance] = parameters;
  if (!gain || !shift || !mean || !variance || intOf(norm, 'training_mode', 0) === 1)
    return undefined;
  const epsilon = floatOf(norm, 'epsilon', 1e-5);
  const factor = Float64Array.from(gain, (g, c) => g / Math.sqrt((variance[c] ?? 0) + epsilon));
  const offset = factor.map((f, c) => (shift[c] ?? 0) - (mean[c] ?? 0) * f);
  return { factor, offset };
}

/** A layer whose output channels can be scaled. */
interface Layer {
  readonly weight: Tensor<'float32'>;
  readonly channels: number;
  /** The output channel of the weight at a row-major position. */
  channelAt(position: number): number;
  /** What the layer adds to channel c. */
  biasAt(channel: number): number;
}

function layerOf(graph: Graph, node: Node): Layer | undefined {
  const weight = graph.initializers.get(node.inputs[1] ?? '');
  if (!isFloat32(weight) || node.domain !== '') return undefined;
  const named = node.inputs[2] ?? '';
  const bias = named === '' ? new Float32Array(1) : floats(graph, named);
  const layout = weightLayoutOf(node, weight.dims);
  if (bias === undefined || layout === undefined) return undefined;
  const { outputs: channels, outputAt: channelAt } = layout;
  // A Gemm may add one number per row instead.
  const isPerChannel = (graph.initializers.get(named)?.dims.at(-1) ?? 1) === channels;
  if (bias.length !== 1 && !(bias.length === channels && isPerChannel)) return undefined;
  const beta = node.op === 'Gemm' ? floatOf(node, 'beta', 1) : 1;
  const biasAt = (channel: number): number => beta * (bias[bias.length === 1 ? 0 : channel] ?? 0);
  return { weight, channels, channelAt, biasAt };
}

function scaledWeight({ weight, channelAt }: Layer, { factor }: Affine): Tensor<'float32'> {
  const data = weight.data.map((value, at) => value * (factor[channelAt(at)] ?? 1));
  return tensor('float32', weight.dims, data);
}

function shiftedBias({ channels, biasAt }: Layer, { factor, offset }: Affine): Tensor<'float32'> {
  const data = Float32Array.from(
    { length: channels },
    (_, c) => biasAt(c) * (factor[c] ?? 1) + (offset[c] ?? 0),
  );
  return tensor('float32', [channels], data);
}

/** Beta went into the bias. */
function withoutBeta({ attributes }: Node): Node['attributes'] {
  return new Map([...attributes].filter(([name]) => name !== 'beta'));
}

function floats(graph: Graph, name: string): Float32Array | undefined {
  const constant = graph.initializers.get(name);
  return isFloat32(constant) ? constant.data : undefined;
}
