import type { Model } from '../../onnx/graph.ts';
import { createRandom } from '../../random/random.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Ranges } from '../calibrate/ranges.ts';
import { createPiecewise, type Piecewise } from '../piecewise/piecewise.ts';
import { gridOf, type Limits, narrowGrid, type Params } from '../quantize/formulas.ts';
import type { QuantizeOptions } from '../quantize/options.ts';
import { quantize, weightParams } from '../quantize/quantize.ts';
import { type ChannelBlock, channelBlocks } from './channel-blocks.ts';
import { feedsThatFit } from './feeds-that-fit.ts';
import { holdOutRows } from './hold-out-rows.ts';
import { type RoundableLayer, roundableLayersOf } from './layers.ts';
import { type BlockwiseOptions, type Rows, roundBlocks } from './round-blocks.ts';
import { rowReaderOf } from './row-reader.ts';
import { sampleRows } from './sample-rows.ts';
import { type AdaRoundSettings, completeSettings } from './settings.ts';

/** What is rounded over which inputs. */
export interface AdaRoundOptions extends AdaRoundSettings {
  /** The prepared float model that `quantize` will be given, with its ranges and options. */
  readonly model: Model;
  readonly ranges: Ranges;
  readonly options: QuantizeOptions;
  /** Inputs like those the model will see, some dozen samples; a fourth is held out to judge by. */
  readonly feeds: Iterable<Feeds> | AsyncIterable<Feeds>;
  readonly runtime: Runtime;
  /** Threads within one operator; default 1. Results are byte-equal only for an equal number. */
  readonly threads?: number;
  /** Called when a block of a layer's output channels is done, with how many are, and are to do, in all. */
  readonly onBlock?: (done: number, of: number) => void;
  /** Called when a layer is done, after its last block. */
  readonly onLayer?: (layer: RoundedLayer) => void;
  readonly signal?: AbortSignal;
}

/** What learning did for one layer. */
export interface RoundedLayer {
  readonly node: string;
  /** Layers done and to do in all. */
  readonly done: number;
  readonly of: number;
  /**
   * Squared error of the layer's output over its square with nearest rounding, on held-out rows; 0
   * where there is no row to hold out, and nearest rounding stays.
   */
  readonly nearestError: number;
  /** The same with the rounding that is taken; never above the former. */
  readonly error: number;
  /** Share of weights that do not go to the nearest integer, 0 to 1. */
  readonly moved: number;
}

/**
 * AdaRound (Nagel et al. 2020): learns for each weight whether it is better rounded down or up, layer
 * by layer, so that a layer gives what it gives in the float model although its input comes from
 * layers that are quantized already. Gives the integers by constant, on the scales of
 * `weightParams`, to be passed to `quantize` as `integers`; each is at most one step from the
 * nearest. Integers that the options hold already are kept. The same input gives the same bytes.
 * Throws `FleetError` what `quantize` throws, `insufficient-data` without feeds, and `canceled`.
 */
export async function adaRound(options: AdaRoundOptions): Promise<ReadonlyMap<string, Int8Array>> {
  const { model, ranges, options: how, runtime, threads = 1, signal } = options;
  const settings = completeSettings(options);
  const given = how.integers ?? new Map<string, Int8Array>();
  const params = weightParams(model, ranges, { ...how, integers: given });
  const { model: quantized } = quantize(model, ranges, how);
  const layers = roundableLayersOf(model.graph, quantized.graph, (weight) => params.has(weight));
  const open = layers.filter(({ weight }) => !given.has(weight));
  const plans = open.map((layer) => {
    return { layer, blocks: channelBlocks(layer.layout, settings.weightsAtOnce) };
  });
  const channelWeights = open.reduce((most, { layout }) => Math.max(most, layout.depth), 0);
  const feeds = await feedsThatFit(model, options.feeds, { channelWeights });
  const run = { runtime, ...(signal && { signal }) };
  const work: Work = {
    ...{ model, params, settings, limits: limitsOf(how) },
    truth: createPiecewise(model, feeds, run),
    answer: createPiecewise(quantized, feeds, run),
    engine: { runtime, threads, signal },
    onBlock: counted(plans, options.onBlock),
  };
  const integers = new Map(given);
  for (const [at, plan] of plans.entries()) {
    const { layer } = plan;
    const { numbers, ...facts } = await roundLayer(plan, layers.indexOf(layer), work);
    integers.set(layer.weight, numbers);
    options.onLayer?.({ node: layer.name, done: at + 1, of: open.length, ...facts });
  }
  return integers;
}

/** A layer, and what of it is learned at once. */
interface LayerPlan {
  readonly layer: RoundableLayer;
  readonly blocks: readonly ChannelBlock[];
}

/** Tells how many blocks of all layers are done each time that one is. */
function counted(plans: readonly LayerPlan[], tell: AdaRoundOptions['onBlock']): () => void {
  const of = plans.reduce((sum, { blocks }) => sum + blocks.length, 0);
  let done = 0;
  return () => tell?.(++done, of);
}

interface Work extends BlockwiseOptions {
  readonly model: Model;
  readonly params: ReadonlyMap<string, readonly Params[]>;
  readonly limits: Limits;
  readonly truth: Piecewise;
  readonly answer: Piecewise;
}

async function roundLayer({ layer, blocks }: LayerPlan, index: number, work: Work) {
  const { model, answer, limits } = work;
  const weight = model.graph.initializers.get(layer.weight) as Tensor<'float32'>;
  const params = work.params.get(layer.weight) ?? [];
  const rows = await rowsOf(layer, index, work);
  const rounded = await roundBlocks({ layer, blocks, weight, params, limits, rows }, work);
  answer.setConstant(layer.integers, tensor('int8', weight.dims, rounded.numbers));
  return rounded;
}

/** Rows in a batch: few enough for a quick step, enough for a steady gradient. */
const batchRows = 256;

/** A layer's rows may take this many bytes. */
const rowBytes = 48 * 2 ** 20;

async function rowsOf(layer: RoundableLayer, index: number, work: Work): Promise<Rows> {
  const { truth, answer, settings } = work;
  const { node, layout, input, wanted } = layer;
  const outputs = await truth.values(wanted);
  const inputs = await answer.values(input);
  const readers = outputs.map((output, feed) =>
    rowReaderOf(node, layout, { input: inputs[feed] as Tensor, output }),
  );
  const bytes = 4 * layout.groups * (layout.depth + layout.width);
  const most = Math.min(Math.max(Math.floor(rowBytes / bytes), batchRows), 16 * batchRows);
  const { learn, test } = holdOutRows(readers);
  const counts = { most, batch: batchRows, random: createRandom(settings.seed, index, 0) };
  return {
    learn: sampleRows(learn, layout, counts),
    test: sampleRows(test, layout, {
      ...{ ...counts, most: Math.floor(most / 2) },
      random: createRandom(settings.seed, index, 1),
    }),
  };
}

/** The integers that a weight may become. */
function limitsOf({ weightBits = 8, reduceRange }: QuantizeOptions): Limits {
  if (weightBits !== 8) return narrowGrid(weightBits);
  return gridOf('int8', { symmetric: true, reduced: reduceRange });
}
