import { FleetError } from '@edgewise/protocol';
import { createFreshNames } from '../../onnx/edit.ts';
import type { Graph, Initializer, Model, Node } from '../../onnx/graph.ts';
import { namedRuntime } from '../../runtime/named-runtime.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { createPiecewise, type Piecewise } from '../piecewise/piecewise.ts';
import { biasScale, quantizeBias } from '../quantize/formulas.ts';
import { floatLayerOf, type QuantizedLayer, quantizedLayersOf } from '../quantized-layers.ts';

/** What is compared over which inputs. */
export interface CorrectBiasOptions {
  /** The model that was quantized. */
  readonly float: Model;
  /** What `quantize` made of it. */
  readonly int8: Model;
  /** Inputs like those the model will see; a few dozen samples suffice for means. */
  readonly feeds: Iterable<Feeds> | AsyncIterable<Feeds>;
  readonly runtime: Runtime;
  /** How many of the feeds are used at most, since all are kept at once; default 32. */
  readonly mostFeeds?: number;
  readonly signal?: AbortSignal;
}

/**
 * Bias correction (Nagel et al. 2019, 4.2, the empirical form): rounding shifts the mean of each
 * output channel by E[float] - E[int8], and the shift is added to the int32 bias. Layers follow
 * each other in graph order, so that each sees what the corrected ones before it give; a layer
 * without bias gets one. The result differs from `int8` in biases alone. Throws `FleetError`
 * `insufficient-data` when there is no feed.
 */
export async function correctBias(options: CorrectBiasOptions): Promise<Model> {
  const { float, int8, runtime, mostFeeds = 32, signal } = options;
  const feeds = await take(options.feeds, mostFeeds);
  const run = (name: string) => ({
    runtime: namedRuntime(runtime, name),
    ...(signal && { signal }),
  });
  const truth = createPiecewise(float, feeds, run('The float model'));
  const draft = createDraft(int8.graph);
  const answer = createPiecewise(int8, feeds, run('The int8 model'));
  for (const layer of quantizedLayersOf(int8.graph)) {
    const source = floatLayerOf(float.graph, layer);
    if (source === undefined) continue;
    const [wanted = '', given = ''] = [source.outputs[0], layer.node.outputs[0]];
    const channels = layer.layout.outputs;
    const means = channelMeans(await truth.values(wanted), channels);
    const outputs = await answer.values(given);
    const shift = channelMeans(outputs, channels).map((mean, c) => (means[c] ?? 0) - mean);
    moveChannels(answer, { name: given, outputs, shift: draft.shift(layer, shift) });
  }
  return { ...int8, graph: draft.graph() };
}

/** The graph with the biases changed so far. */
interface Draft {
  /** Moves a layer's bias by about `amounts`, one per channel; gives what it moved by on its grid. */
  shift(layer: QuantizedLayer, amounts: Float64Array): Float64Array;
  graph(): Graph;
}

function createDraft(graph: Graph): Draft {
  const fresh = createFreshNames(graph);
  const initializers = new Map<string, Initializer>(graph.initializers);
  const added: Node[] = [];
  const replaced = new Map<Node, Node>();
  const addBias = ({ node, weight, inputScale }: QuantizedLayer, data: Tensor<'int32'>): void => {
    const scales = weight.scales.map((scale) => biasScale(inputScale, scale, 1));
    const dims = scales.length === 1 ? [] : [scales.length];
    const add = (name: string, value: Initializer): string => {
      const free = fresh(name);
      initializers.set(free, value);
      return free;
    };
    const name = fresh(`${weight.name}_bias`);
    const inputs = [
      add(`${name}_q`, data),
      add(`${name}_scale`, tensor('float32', dims, scales)),
      add('zero', tensor('int32', dims, new Int32Array(scales.length))),
    ];
    const attributes: Node['attributes'] =
      dims.length === 0 ? new Map() : new Map([['axis', { type: 'int', value: 0n }]]);
    const outputs = [name];
    added.push({ name: '', op: 'DequantizeLinear', domain: '', inputs, outputs, attributes });
    replaced.set(node, { ...node, inputs: [...node.inputs.slice(0, 2), name] });
  };
  return {
    shift(layer, amounts) {
      const { bias, weight, inputScale } = layer;
      const before = (bias?.data.data ?? new Int32Array(amounts.length)) as Int32Array;
      const scaleOf = (c: number): number => {
        const { scales } = bias ?? weight;
        const scale = scales[scales.length === 1 ? 0 : c] ?? 1;
        return bias === undefined ? biasScale(inputScale, scale, 1) : scale;
      };
      const after = before.map((value, c) =>
        quantizeBias(value * scaleOf(c) + (amounts[c] ?? 0), scaleOf(c)),
      );
      const data = tensor('int32', [after.length], after);
      if (bias === undefined) addBias(layer, data);
      else initializers.set(bias.integers, data);
      return Float64Array.from(after, (value, c) => (value - (before[c] ?? 0)) * scaleOf(c));
    },
    graph: () => ({
      ...graph,
      initializers,
      nodes: [...added, ...graph.nodes.map((node) => replaced.get(node) ?? node)],
    }),
  };
}

/** Means of `[N, channels, ...]` tensors over everything but the channels. */
function channelMeans(values: readonly Tensor[], channels: number): Float64Array {
  const sums = new Float64Array(channels);
  let count = 0;
  for (const value of values) {
    eachRun(value, channels, (c, run) => {
      for (const number of run) sums[c] = (sums[c] ?? 0) + number;
    });
    count += value.data.length / channels;
  }
  return sums.map((sum) => sum / Math.max(1, count));
}

function moveChannels(
  run: Piecewise,
  {
    name,
    outputs,
    shift,
  }: {
    readonly name: string;
    readonly outputs: readonly Tensor[];
    readonly shift: Float64Array;
  },
): void {
  const moved = outputs.map((value) => {
    const copy = { ...value, data: Float32Array.from(value.data as Float32Array) };
    eachRun(copy, shift.length, (c, numbers) => {
      for (let at = 0; at < numbers.length; at++) {
        numbers[at] = (numbers[at] ?? 0) + (shift[c] ?? 0);
      }
    });
    return copy;
  });
  run.setValues(name, moved);
}

/** Calls with each stretch of numbers that lies in one channel. */
function eachRun(
  { dims, data }: Tensor,
  channels: number,
  visit: (channel: number, numbers: Float32Array) => void,
): void {
  const length = dims.slice(2).reduce((product, size) => product * size, 1);
  const numbers = data as Float32Array;
  for (let start = 0; start < numbers.length; start += length) {
    visit((start / length) % channels, numbers.subarray(start, start + length));
  }
}

async function take(
  feeds: Iterable<Feeds> | AsyncIterable<Feeds>,
  most: number,
): Promise<readonly Feeds[]> {
  const taken: Feeds[] = [];
  for await (const feed of feeds) {
    if (taken.push(feed) >= most) break;
  }
  if (taken.length > 0) return taken;
  throw new FleetError('insufficient-data', 'Bias correction needs at least one input to run.');
}
