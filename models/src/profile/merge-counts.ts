import { type FeatureCounts, FleetError } from '@edgewise/protocol';
import type { WindowCounts } from './window-counter.ts';

/**
 * Counts of two windows as one: sums, the wider range, the earlier start. The order does not matter.
 * Spans add up (what two devices watched), `reference` is kept where both have the same.
 * Throws `invalid-argument` for windows of different bins, which must never be merged.
 */
export function mergeCounts(a: WindowCounts, b: WindowCounts): WindowCounts {
  if (a.bins !== b.bins || a.features.length !== b.features.length || a.classes !== b.classes) {
    throw new FleetError('invalid-argument', 'Counts in different bins cannot be merged.');
  }
  return {
    bins: a.bins,
    reference: a.reference === b.reference ? a.reference : noReference,
    startMs: Math.min(a.startMs, b.startMs),
    spanMs: a.spanMs + b.spanMs,
    seen: a.seen + b.seen,
    n: a.n + b.n,
    features: a.features.map((feature, index) => mergeFeature(feature, b.features[index])),
    classes: a.classes,
    predictions: mergeTables(a.predictions, b.predictions),
    latency: mergeTables(a.latency, b.latency),
  };
}

/** Stands for "counted through several variants". */
const noReference = '0'.repeat(16);

function mergeFeature(a: FeatureCounts, b: FeatureCounts | undefined): FeatureCounts {
  if (b === undefined) return a;
  const numbersOfA = hasNumbers(a);
  const numbersOfB = hasNumbers(b);
  const both = numbersOfA && numbersOfB;
  const only = numbersOfA ? a : b;
  return {
    counts: a.counts.map((count, cell) => count + (b.counts[cell] ?? 0)),
    sumZ: a.sumZ + b.sumZ,
    sumZ2: a.sumZ2 + b.sumZ2,
    minZ: both ? Math.min(a.minZ, b.minZ) : only.minZ,
    maxZ: both ? Math.max(a.maxZ, b.maxZ) : only.maxZ,
    sumLag: a.sumLag + b.sumLag,
  };
}

/** Whether anything but NaN and null was counted; otherwise minimum and maximum mean nothing. */
function hasNumbers({ counts }: FeatureCounts): boolean {
  return counts.subarray(0, -2).some((count) => count > 0);
}

function mergeTables(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const merged = new Map(a);
  for (const [cell, count] of b) merged.set(cell, (merged.get(cell) ?? 0) + count);
  return merged;
}
