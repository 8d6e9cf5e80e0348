import type { RangeCost } from './clip-range.ts';
import type { Histogram } from './histogram.ts';
import { withoutPointMasses } from './point-masses.ts';
import type { Range } from './ranges.ts';

/** The steps of a byte. */
const levels = 255;

/** Bins that hold something: their middles and counts. */
interface Filled {
  readonly middles: Float64Array;
  readonly counts: Float64Array;
}

function filledBins({ min, max, counts }: Histogram): Filled {
  const width = (max - min) / counts.length;
  const places = Array.from(counts.keys()).filter((bin) => (counts[bin] ?? 0) > 0);
  return {
    middles: Float64Array.from(places, (bin) => min + (bin + 0.5) * width),
    counts: Float64Array.from(places, (bin) => counts[bin] ?? 0),
  };
}

/** The integers of a range: `round(value / scale)` between `least` and `greatest`. */
function gridOf({ min, max }: Range) {
  const scale = (max - min) / levels;
  const least = Math.round(min / scale);
  return { scale, least, greatest: least + levels };
}

/** Sum of squared differences between numbers and what the integers of a range make of them. */
export function squaredError(histogram: Histogram): RangeCost {
  const { middles, counts } = filledBins(histogram);
  return (range) => {
    const { scale, least, greatest } = gridOf(range);
    let sum = 0;
    for (let at = 0; at < middles.length; at++) {
      const value = middles[at] as number;
      const nearest = Math.round(value / scale);
      const integer = Math.max(least, Math.min(nearest, greatest));
      const error = integer * scale - value;
      sum += (counts[at] as number) * error * error;
    }
    return sum;
  };
}

/** Stands in for a probability of zero. */
const tiny = 1e-4;

/**
 * Kullback-Leibler divergence of the clipped distribution from the one that the integers of a range
 * leave of it (Migacz, "8-bit inference with TensorRT", 2017): what is cut off counts at the ends;
 * what shares an integer is spread evenly over its filled bins. A range of fewer bins than integers
 * has nothing to lose and is never the answer.
 *
 * As published it fails where many values are the same (a Relu's zeros, what a filter gives for a flat
 * background): spreading such a bin over its integer looks like a loss that only ever narrower
 * integers take away. Such bins are left out, as the published method leaves out the first. And it does
 * not know how far a clipped number is moved: a range with more squared error than the `widest` is
 * never the answer.
 */
export function divergence(histogram: Histogram, widest: Range): RangeCost {
  const filled = filledBins(withoutPointMasses(histogram));
  const errorOf = squaredError(histogram);
  const most = errorOf(widest);
  const width = (histogram.max - histogram.min) / histogram.counts.length;
  const mass = new Float64Array(levels + 1);
  const shared = new Float64Array(levels + 1);
  return (range) => {
    if (range.max - range.min < levels * width) return Number.POSITIVE_INFINITY;
    if (errorOf(range) > most) return Number.POSITIVE_INFINITY;
    mass.fill(0);
    shared.fill(0);
    return divergenceWithin(filled, range, { mass, shared });
  };
}

function divergenceWithin(
  { middles, counts }: Filled,
  range: Range,
  { mass, shared }: { readonly mass: Float64Array; readonly shared: Float64Array },
): number {
  const { scale, least } = gridOf(range);
  const first = middles.findIndex((value) => value >= range.min);
  const last = middles.findLastIndex((value) => value <= range.max);
  if (first < 0 || last < first) return Number.POSITIVE_INFINITY;
  const levelOf = (at: number): number => {
    const level = Math.round((middles[at] as number) / scale) - least;
    return Math.max(0, Math.min(level, levels));
  };
  let inside = 0;
  for (let at = first; at <= last; at++) {
    const level = levelOf(at);
    mass[level] = (mass[level] as number) + (counts[at] as number);
    shared[level] = (shared[level] as number) + 1;
    inside += counts[at] as number;
  }
  const below = sumOf(counts, 0, first);
  const above = sumOf(counts, last + 1, counts.length);
  const total = inside + below + above;
  const free = last - first + 1 - shared.reduce((used, bins) => used + Math.min(bins, 1), 0);
  // Bins that share an integer differ by chance alone by this much (2 n D is chi-squared).
  let sum = -free / (2 * total);
  for (let at = first; at <= last; at++) {
    const level = levelOf(at);
    const cut = (at === first ? below : 0) + (at === last ? above : 0);
    const truth = ((counts[at] as number) + cut) / total;
    const kept = (mass[level] as number) / (shared[level] as number) / inside;
    sum += truth * Math.log(truth / Math.max(kept, tiny / total));
  }
  return sum;
}

function sumOf(counts: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += counts[at] as number;
  return sum;
}
