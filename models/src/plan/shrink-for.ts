import type { Model } from '../onnx/graph.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import type { Ranges } from '../shrink/calibrate/ranges.ts';
import { prepare } from '../shrink/prepare.ts';
import type { WeightBits } from '../shrink/quantize/formulas.ts';
import { quantize } from '../shrink/quantize/quantize.ts';
import { roundWeights } from '../shrink/round-weights.ts';
import { shrink } from '../shrink/shrink.ts';
import type { ShrinkOptions } from '../shrink/shrink-options.ts';
import { shrinkWeightOnly } from '../shrink/weight-only/shrink-weight-only.ts';
import { weightOnly } from '../shrink/weight-only/weight-only.ts';
import { type Scheme, schemes } from './plan.ts';

/** What shrinking works with. */
export interface ShrinkForOptions {
  /** Inputs that are like those the model will see; a weight-only scheme reads none. */
  readonly calibration: Iterable<Feeds> | AsyncIterable<Feeds>;
  readonly runtime: Runtime;
  /** How activation ranges are found; default `minmax`. */
  readonly method?: NonNullable<ShrinkOptions['method']>;
  /** The model was trained for these grids, so that nothing is calibrated. */
  readonly trained?: TrainedGrids;
  readonly signal?: AbortSignal;
}

/** What a training for few bits found; see `trainQuantized`. */
export interface TrainedGrids {
  readonly weightBits: WeightBits;
  readonly ranges: Ranges;
}

/** A float model shrunk by a scheme. Rejects as `shrink` does. */
export async function shrinkFor(
  model: Model,
  scheme: Scheme,
  { trained, ...options }: ShrinkForOptions,
): Promise<Model> {
  if (trained !== undefined) return shrinkTrained(model, scheme, trained);
  const how = schemes[scheme];
  if (how === 'weight-only') return shrinkWeightOnly(model).model;
  const { model: small } = await shrink(model, { ...how, ...options });
  return small;
}

/** Where only weights are stored in bytes, they are those of the layers that were trained, too. */
function shrinkTrained(model: Model, scheme: Scheme, { weightBits, ranges }: TrainedGrids): Model {
  const prepared = prepare(model);
  const how = schemes[scheme];
  const grids = how === 'weight-only' ? schemes.u8s8 : how;
  const { model: int8 } = quantize(prepared, ranges, { ...grids, weightBits });
  return how === 'weight-only' ? weightOnly(roundWeights(prepared, int8)) : int8;
}
