import { limits } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';

/** How one feature is counted: its bins and its standardization, from the reference set. */
export const FeatureBins = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  /** Smallest value of the first bin; smaller ones are `under`. */
  low: Type.Number(),
  /** The 19 edges between 20 bins, strictly rising; a value at an edge belongs to the upper bin. */
  edges: Type.Array(Type.Number(), {
    minItems: limits.featureBins - 1,
    maxItems: limits.featureBins - 1,
  }),
  /** Largest value of the last bin; larger ones are `over`. */
  high: Type.Number(),
  mean: Type.Number(),
  /** Standard deviation; 1 for a feature that never moved. */
  sd: Type.Number({ exclusiveMinimum: 0 }),
});
export type FeatureBins = Static<typeof FeatureBins>;

/** How a model version's features are counted: the same on every device class, so counts merge. */
export const Bins = Type.Object({
  features: Type.Array(FeatureBins, { maxItems: limits.features }),
  /** Classes of the prediction table; 0 for tasks without classes. */
  classes: Type.Integer({ minimum: 0, maximum: limits.classes }),
});
export type Bins = Static<typeof Bins>;

/** Cells of `FeatureCounts.counts` after the 20 bins. */
export const cells = {
  under: limits.featureBins,
  over: limits.featureBins + 1,
  notANumber: limits.featureBins + 2,
  absent: limits.featureBins + 3,
} as const;

/** The cell, 0 to 22, in which a value is counted. */
export function cellOf(feature: FeatureBins, value: number): number {
  if (Number.isNaN(value)) return cells.notANumber;
  if (value < feature.low) return cells.under;
  if (value > feature.high) return cells.over;
  let from = 0;
  let to = feature.edges.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (value >= (feature.edges[middle] ?? Infinity)) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The bin, 0 to 19, of a largest probability. */
export function confidenceBinOf(confidence: number): number {
  const bin = Math.floor(confidence * limits.confidenceBins);
  return Number.isNaN(bin) ? 0 : Math.min(limits.confidenceBins - 1, Math.max(0, bin));
}

/** The latency bucket, `floor(4 log2(us))`, 0 to 255. */
export function latencyBucketOf(latencyUs: number): number {
  const bucket = Math.floor(4 * Math.log2(latencyUs));
  return bucket > 0 ? Math.min(255, bucket) : 0;
}
