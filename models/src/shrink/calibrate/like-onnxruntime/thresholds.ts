import type { Range } from '../ranges.ts';
import type { ToolHistogram } from './collector.ts';
import { pairwiseSum } from './float32.ts';

const { fround } = Math;

/** `compute_percentile`: the left edge of the bin in which the share of all counts is reached. */
export function percentileThreshold(
  histogram: ToolHistogram,
  percentile: number,
  { symmetric }: { readonly symmetric: boolean },
): Range {
  const { counts, edges } = histogram;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const reach = (share: number): number => {
    let sum = 0;
    const bin = counts.findIndex((count) => {
      sum += count / total;
      return sum >= share;
    });
    return edges[bin < 0 ? counts.length : bin] as number;
  };
  if (symmetric) {
    const greatest = reach(percentile / 100);
    return clipped({ min: -greatest, max: greatest }, histogram);
  }
  const cut = (100 - percentile) / 200;
  return clipped({ min: reach(cut), max: reach(1 - cut) }, histogram);
}

/**
 * `get_entropy_threshold`: among ranges that grow from the middle, the one whose distribution
 * differs least from what `levels` integers leave of it. The quotient of counts is cut to a whole
 * number, as there.
 */
export function entropyThreshold(histogram: ToolHistogram, levels: number): Range {
  const { counts, edges } = histogram;
  const middle = Math.floor(counts.length / 2);
  let best: Range = { min: 0, max: 0 };
  let least: number | undefined;
  for (let half = Math.floor(levels / 2); half <= middle; half++) {
    const start = middle - half;
    const end = Math.min(middle + half + 1, counts.length);
    const divergence = divergenceOf(counts, start, end, levels);
    if (least === undefined || divergence < least) {
      least = divergence;
      best = { min: edges[start] as number, max: edges[end] as number };
    }
  }
  return clipped(best, histogram);
}

function clipped({ min, max }: Range, seen: Range): Range {
  return { min: min < seen.min ? seen.min : min, max: max > seen.max ? seen.max : max };
}

function divergenceOf(counts: Float64Array, start: number, end: number, levels: number): number {
  const slice = counts.subarray(start, end);
  const truth = Float64Array.from(slice);
  truth[0] = (truth[0] as number) + sumOf(counts.subarray(0, start));
  const last = truth.length - 1;
  truth[last] = (truth[last] as number) + sumOf(counts.subarray(end));
  const [p, q] = [smooth(truth), smooth(spread(slice, truth, levels))];
  return p === undefined || q === undefined ? Number.POSITIVE_INFINITY : relativeEntropy(p, q);
}

/** Merges bins into levels and spreads each over its filled bins; a rest of bins stays empty. */
function spread(slice: Float64Array, truth: Float64Array, levels: number): Float64Array {
  const merged = Math.floor(slice.length / levels);
  const result = new Float64Array(slice.length);
  for (let level = 0; level < levels; level++) {
    const start = level * merged;
    const end = start + merged;
    const stop = level === levels - 1 ? slice.length : end;
    const mass = sumOf(slice.subarray(start, stop));
    const filled = truth.subarray(start, end).reduce((n, count) => n + (count === 0 ? 0 : 1), 0);
    if (filled > 0) result.fill(Math.trunc(mass / filled), start, end);
  }
  return result;
}

/** `smooth_distribution`: zeros get a ten-thousandth, the others pay for it. */
function smooth(counts: Float64Array): Float32Array | undefined {
  const zeros = counts.reduce((n, count) => n + (count === 0 ? 1 : 0), 0);
  const others = counts.length - zeros;
  if (others === 0) return undefined;
  const paid = fround(-((1e-4 * zeros) / others));
  const given = fround(1e-4);
  return Float32Array.from(counts, (count) => fround(fround(count) + (count === 0 ? given : paid)));
}

function relativeEntropy(p: Float32Array, q: Float32Array): number {
  const [sumP, sumQ] = [pairwiseSum(p), pairwiseSum(q)];
  const terms = p.map((value, at) => {
    const truth = fround(value / sumP);
    const kept = fround((q[at] as number) / sumQ);
    return fround(truth * fround(Math.log(fround(truth / kept))));
  });
  return pairwiseSum(terms);
}

function sumOf(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
