import type { FeatureCounts, PackedWindow } from '@edgewise/protocol';

/**
 * The sum of windows with the same bins and reference: counts and sums add up, extremes are kept, the
 * span is the time that was observed. Exact, whatever the order. Throws `RangeError` for none.
 */
export function mergeWindows(windows: readonly PackedWindow[]): PackedWindow {
  const [first, ...rest] = windows;
  if (!first) throw new RangeError('There is nothing to merge.');
  return rest.reduce(mergeTwo, { ...first, epoch: 0, sequence: 0 });
}

function mergeTwo(a: PackedWindow, b: PackedWindow): PackedWindow {
  return {
    ...a,
    startMs: Math.min(a.startMs, b.startMs),
    spanMs: a.spanMs + b.spanMs,
    seen: a.seen + b.seen,
    n: a.n + b.n,
    features: a.features.map((feature, index) => mergeFeature(feature, b.features[index])),
    classes: Math.max(a.classes, b.classes),
    predictions: addCells(a.predictions, b.predictions),
    latency: addCells(a.latency, b.latency),
  };
}

function mergeFeature(a: FeatureCounts, b: FeatureCounts | undefined): FeatureCounts {
  if (!b) return a;
  const both = hasNumbers(a) && hasNumbers(b);
  const only = hasNumbers(a) ? a : b;
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

function addCells(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const sum = new Map(a);
  for (const [cell, count] of b) sum.set(cell, (sum.get(cell) ?? 0) + count);
  return sum;
}
