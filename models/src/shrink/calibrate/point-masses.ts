import type { Histogram } from './histogram.ts';

/** Bins to each side that a bin is compared with. */
const reach = 4;

/** A point mass holds more than so many times what its neighbours hold ... */
const excess = 4;

/** ... and so many numbers more, which chance does not bring together where neighbours are empty. */
const leastCount = 10;

/**
 * The histogram without bins that stand out because one number occurs over and over, for whom rounding
 * is a shift and no loss of shape: they hold what the median of their neighbours holds.
 */
export function withoutPointMasses(histogram: Histogram): Histogram {
  const { counts } = histogram;
  const smooth = counts.map((count, bin) => {
    const usual = medianAround(counts, bin);
    return count > excess * usual + leastCount ? usual : count;
  });
  return { ...histogram, counts: smooth };
}

function medianAround(counts: Float64Array, bin: number): number {
  const before = counts.subarray(Math.max(0, bin - reach), bin);
  const after = counts.subarray(bin + 1, bin + 1 + reach);
  const around = Float64Array.of(...before, ...after).sort();
  return around[around.length >> 1] ?? 0;
}
