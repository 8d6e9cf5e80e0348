import type { Histogram } from './histogram.ts';
import type { Range } from './ranges.ts';

/**
 * The range that keeps `percentile` per cent of all numbers and cuts the same share from both
 * ends; with `symmetric` the share of the magnitudes, zero in the middle. Within a bin numbers are
 * taken to be spread evenly.
 */
export function percentileRange(
  histogram: Histogram,
  percentile: number,
  { symmetric }: { readonly symmetric: boolean },
): Range {
  const { min, max } = histogram;
  if (!(max > min)) return { min, max };
  const total = histogram.zeros + histogram.counts.reduce((sum, count) => sum + count, 0);
  const cut = ((100 - percentile) / 100) * total;
  if (!symmetric) return { min: cutAt(histogram, cut / 2, 1), max: cutAt(histogram, cut / 2, -1) };
  let [low, high] = [0, Math.max(-min, max)];
  // What lies outside ±t shrinks as t grows: halving finds where it is the share to cut.
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2;
    if (outside(histogram, middle) > cut) low = middle;
    else high = middle;
  }
  return { min: -high, max: high };
}

/** Where the share to cut ends, seen from the lower (1) or the upper end (-1). Zero is never cut. */
function cutAt({ min, max, counts }: Histogram, cut: number, direction: 1 | -1): number {
  const width = (max - min) / counts.length;
  const end = direction === 1 ? min : max;
  let left = cut;
  for (let step = 0; step < counts.length; step++) {
    const count = counts[direction === 1 ? step : counts.length - 1 - step] ?? 0;
    const edge = end + direction * width * (step + (count > left ? left / count : 1));
    if (direction * edge >= 0) return 0;
    if (count > left) return edge;
    left -= count;
  }
  return 0;
}

function outside({ min, max, counts }: Histogram, threshold: number): number {
  const width = (max - min) / counts.length;
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const low = min + bin * width;
    const below = Math.min(Math.max((-threshold - low) / width, 0), 1);
    const above = Math.min(Math.max((low + width - threshold) / width, 0), 1);
    sum += (counts[bin] ?? 0) * Math.min(below + above, 1);
  }
  return sum;
}
