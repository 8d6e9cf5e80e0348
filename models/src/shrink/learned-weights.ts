import type { Model } from '../onnx/graph.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import { adaRound, type RoundedLayer } from './ada-round/ada-round.ts';
import { fitWeightRanges } from './ada-round/fit-weight-ranges.ts';
import type { AdaRoundSettings } from './ada-round/settings.ts';
import type { Ranges } from './calibrate/ranges.ts';
import type { QuantizeOptions } from './quantize/options.ts';

/** Integers whose rounding was learned, and the ranges of their grids; both for `quantize`. */
export type LearnedWeights = Required<Pick<QuantizeOptions, 'integers' | 'weightRanges'>>;

/** What is learned for. */
export interface LearnedFor {
  /** The float graph that `quantize` will be given, with its ranges. */
  readonly float: Model;
  readonly ranges: Ranges;
  readonly feeds: readonly Feeds[];
}

/** How it is learned, and who is told. */
export interface LearningOptions {
  readonly settings: AdaRoundSettings;
  readonly grids: QuantizeOptions;
  readonly runtime: Runtime;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onBlock?: (done: number, of: number) => void;
  readonly onLayer?: (layer: RoundedLayer) => void;
}

/** Fits the grids of weights, then learns how to round on them. Throws as `adaRound` does. */
export async function learnedWeights(
  { float: model, ranges, feeds }: LearnedFor,
  { settings, grids, ...engine }: LearningOptions,
): Promise<LearnedWeights> {
  const weightRanges = fitWeightRanges(model, ranges, grids);
  const options = { ...grids, weightRanges };
  const integers = await adaRound({ ...settings, ...engine, model, ranges, options, feeds });
  return { integers, weightRanges };
}
