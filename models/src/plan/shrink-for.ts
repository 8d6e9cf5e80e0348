import type { Model } from '../onnx/graph.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import { shrink } from '../shrink/shrink.ts';
import { shrinkWeightOnly } from '../shrink/weight-only/shrink-weight-only.ts';
import { type Scheme, schemes } from './plan.ts';

/** What shrinking works with. */
export interface ShrinkForOptions {
  /** Inputs that are like those the model will see; a weight-only scheme reads none. */
  readonly calibration: Iterable<Feeds> | AsyncIterable<Feeds>;
  readonly runtime: Runtime;
  readonly signal?: AbortSignal;
}

/** A float model shrunk by a scheme. Rejects as `shrink` does. */
export async function shrinkFor(
  model: Model,
  scheme: Scheme,
  options: ShrinkForOptions,
): Promise<Model> {
  const quantize = schemes[scheme];
  if (quantize === 'weight-only') return shrinkWeightOnly(model).model;
  const { model: small } = await shrink(model, { ...quantize, ...options });
  return small;
}
