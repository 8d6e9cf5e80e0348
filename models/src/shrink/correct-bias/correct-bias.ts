import { FleetError } from '@edgewise/protocol';
import type { Graph, Model, Node } from '../../onnx/graph.ts';
import { namedRuntime } from '../../runtime/named-runtime.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { eliminateDead } from '../eliminate-dead.ts';
import { createPiecewise } from '../piecewise/piecewise.ts';
import { eachRun } from '../quantize/slices.ts';
import { floatLayerOf, quantizedLayersOf } from '../quantized-layers.ts';
import { createDraft, type Draft } from './draft.ts';
import { summedBiasesOf } from './summed-biases.ts';

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
  for (const site of sitesOf(float.graph, int8.graph)) {
    const { wanted, axis } = site;
    const [given = ''] = site.node.outputs;
    const means = channelMeans(await truth.values(wanted), axis);
    const outputs = await answer.values(given);
    const shift = channelMeans(outputs, axis).map((mean, c) => (means[c] ?? 0) - mean);
    answer.setValues(given, moved(outputs, site, site.shift(draft, shift)));
  }
  return eliminateDead({ ...int8, graph: draft.graph() });
}

/** A bias to correct. */
interface Site {
  /** Its layer, or its Add. */
  readonly node: Node;
  /** What should come out of it, in the float graph. */
  readonly wanted: string;
  /** The axis of its channels, from the front or from the end. */
  readonly axis: 1 | -1;
  shift(draft: Draft, amounts: Float64Array): Float64Array;
}

function sitesOf(float: Graph, int8: Graph): readonly Site[] {
  const sites = new Map<Node, Site>();
  for (const layer of quantizedLayersOf(int8)) {
    const wanted = floatLayerOf(float, layer)?.outputs[0];
    if (wanted === undefined) continue;
    const shift: Site['shift'] = (draft, amounts) => draft.shift(layer, amounts);
    sites.set(layer.node, { node: layer.node, wanted, axis: 1, shift });
  }
  for (const bias of summedBiasesOf(float, int8)) {
    const { node, wanted } = bias;
    const shift: Site['shift'] = (draft, amounts) => draft.shiftSum(bias, amounts);
    sites.set(node, { node, wanted, axis: -1, shift });
  }
  return int8.nodes.flatMap((node) => sites.get(node) ?? []);
}

/** Means of tensors over everything but the channels. */
function channelMeans(values: readonly Tensor[], axis: Site['axis']): Float64Array {
  const channels = values[0]?.dims.at(axis) ?? 0;
  const sums = new Float64Array(channels);
  let count = 0;
  for (const { dims, data } of values) {
    eachRun(dims, axis + (axis < 0 ? dims.length : 0), (c, from, to) => {
      for (let at = from; at < to; at++) sums[c] = (sums[c] ?? 0) + Number(data[at]);
    });
    count += data.length / channels;
  }
  return sums.map((sum) => sum / Math.max(1, count));
}

/** The tensors with each channel moved by its amount. */
function moved(
  values: readonly Tensor[],
  { axis }: Site,
  amounts: Float64Array,
): readonly Tensor[] {
  return values.map(({ dims, data }) => {
    const copy = Float32Array.from(data as Float32Array);
    eachRun(dims, axis + (axis < 0 ? dims.length : 0), (c, from, to) => {
      for (let at = from; at < to; at++) copy[at] = (copy[at] ?? 0) + (amounts[c] ?? 0);
    });
    return tensor('float32', dims, copy);
  });
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
