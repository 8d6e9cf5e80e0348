import type { Range } from './ranges.ts';

/**
 * How often a value fell into each of equal bins between its least and greatest number, zero
 * included. Zeros are counted apart: zero lies on every grid, and after a Relu it is half of all
 * numbers.
 */
export interface Histogram extends Range {
  readonly counts: Float64Array;
  readonly zeros: number;
}

/** Fills a histogram; the range is known from an earlier pass. */
export interface HistogramDraft {
  add(data: Float32Array): void;
  result(): Histogram;
}

/** Bins of a histogram: 8 for each integer of a byte. */
const binCount = 2048;

/** Starts an empty histogram over a range. A range without width keeps everything in one bin. */
export function createHistogram(range: Range): HistogramDraft {
  const min = Math.min(range.min, 0);
  const max = Math.max(range.max, 0);
  const counts = new Float64Array(binCount);
  const perUnit = max > min ? binCount / (max - min) : 0;
  let zeros = 0;
  return {
    add(data) {
      zeros += addTo(counts, data, min, perUnit);
    },
    result: () => ({ min, max, counts, zeros }),
  };
}

/** Counts what is not zero and says how much is. */
function addTo(counts: Float64Array, data: Float32Array, min: number, perUnit: number): number {
  const last = counts.length - 1;
  let zeros = 0;
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if (value === 0) {
      zeros++;
      continue;
    }
    const bin = ((value - min) * perUnit) | 0;
    // Beyond the range lie only numbers of later inputs, or rounding at the upper end.
    const kept = Math.max(0, Math.min(bin, last));
    counts[kept] = (counts[kept] as number) + 1;
  }
  return zeros;
}
