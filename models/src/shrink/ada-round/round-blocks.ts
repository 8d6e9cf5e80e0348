import type { Tensor } from '../../tensor/tensor.ts';
import type { Limits, Params } from '../quantize/formulas.ts';
import type { ChannelBlock } from './channel-blocks.ts';
import { judge } from './judge.ts';
import type { RoundableLayer } from './layers.ts';
import { learnRounding } from './learn-rounding.ts';
import { placeIntegers, problemOf, type RoundingProblem } from './problem.ts';
import { createRoundingEngine, type RoundingEngineOptions } from './rounding-engine.ts';
import type { RowBatch } from './sample-rows.ts';
import type { CompleteSettings } from './settings.ts';

/** A layer that is to be rounded, block after block. */
export interface BlockwiseLayer {
  readonly layer: RoundableLayer;
  readonly blocks: readonly ChannelBlock[];
  readonly weight: Tensor<'float32'>;
  readonly params: readonly Params[];
  readonly limits: Limits;
  readonly rows: Rows;
}

/** Rows of all of the layer's channels: to learn from, and to judge by. */
export interface Rows {
  readonly learn: readonly RowBatch[];
  readonly test: readonly RowBatch[];
}

/** The layer's integers as in its weight, and what they do; see `RoundedLayer`. */
export interface RoundedBlocks {
  readonly numbers: Int8Array;
  readonly nearestError: number;
  readonly error: number;
  readonly moved: number;
}

/** How blocks are learned. */
export interface BlockwiseOptions {
  readonly settings: CompleteSettings;
  readonly engine: RoundingEngineOptions;
  /** Called after each block. */
  readonly onBlock: () => void;
}

/** Rounds all blocks of a layer; those of equal size run in the same sessions. */
export async function roundBlocks(
  parts: BlockwiseLayer,
  { settings, engine: options, onBlock }: BlockwiseOptions,
): Promise<RoundedBlocks> {
  const { blocks, weight, rows } = parts;
  const numbers = new Int8Array(weight.data.length);
  let [wanted, nearestError, error, moved] = [0, 0, 0, 0];
  await using engine = createRoundingEngine(options);
  for (const block of blocks) {
    const problem = problemIn(block, parts);
    const learned = await learnRounding(problem, rows.learn.map(block.rowsOf), {
      ...{ settings, engine },
    });
    const verdict = await judge(problem, learned, {
      ...{ batches: rows.test.map(block.rowsOf), engine },
    });
    placeIntegers(verdict.chosen, block.layout, numbers);
    wanted += verdict.wanted;
    nearestError += verdict.nearestError;
    error += verdict.error;
    moved += verdict.chosen.filter((integer, at) => integer !== problem.nearest[at]).length;
    onBlock();
  }
  const scale = 1 / (wanted || 1);
  return {
    ...{ numbers, nearestError: nearestError * scale, error: error * scale },
    moved: moved / Math.max(1, numbers.length),
  };
}

function problemIn(
  { layout, channels }: ChannelBlock,
  { layer, weight, params, limits }: BlockwiseLayer,
): RoundingProblem {
  const { bias, bounds } = layer;
  const ownBias = bias && Float32Array.from(channels, (channel) => bias[channel] ?? 0);
  // One grid for all, for each channel, or (ConvTranspose) for each channel of any group.
  const ownParams = channels.flatMap((channel) => params[channel % params.length] ?? []);
  const grid = { params: ownParams, limits };
  return problemOf({ layout, bias: ownBias, bounds }, weight.data, grid);
}
