import { FleetError, limits } from '@edgewise/protocol';
import type { Tensor } from '../tensor/tensor.ts';
import type { Bins, FeatureBins } from './bins.ts';

/**
 * Bins that hold equal shares of a reference set: 20 per feature, by quantiles of its columns.
 * `matrix` is [samples, features]; numbers that are not finite are left out.
 * Throws `invalid-argument` when sizes disagree, `insufficient-data` for a feature without a number.
 */
export function fitBins(
  matrix: Tensor<'float32'>,
  names: readonly string[],
  options: { readonly classes: number },
): Bins {
  const [samples = 0, width = 0] = matrix.dims;
  if (matrix.dims.length !== 2 || width !== names.length) {
    throw new FleetError('invalid-argument', `${names.length} names for ${width} features.`);
  }
  const features = names.map((name, column) => {
    const values = new Float32Array(samples);
    for (let row = 0; row < samples; row++) values[row] = matrix.data[row * width + column] ?? NaN;
    return fitFeature(name, values.filter(Number.isFinite).sort());
  });
  return { features, classes: options.classes };
}

/** `sorted` holds finite numbers, smallest first. */
function fitFeature(name: string, sorted: Float32Array): FeatureBins {
  const low = sorted[0];
  const high = sorted[sorted.length - 1];
  if (low === undefined || high === undefined) {
    throw new FleetError('insufficient-data', `Feature "${name}" has no number to fit bins to.`);
  }
  const { mean, sd } = momentsOf(sorted);
  const edges = padEdges(quantileEdges(sorted), high, Math.max(sd, Math.abs(high) * 1e-6));
  return { name, low, edges, high: Math.max(high, edges.at(-1) ?? high), mean, sd };
}

function momentsOf(values: Float32Array): { readonly mean: number; readonly sd: number } {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const sd = Math.sqrt(squares / values.length);
  // Below the resolution of float32 a spread is rounding, not spread.
  const resolution = Math.abs(mean) * 2 ** -22;
  return { mean, sd: sd > resolution && sd > Number.MIN_VALUE ? sd : 1 };
}

/**
 * At most 19 rising edges between distinct values, so that equal values always share a bin and no
 * edge repeats. A value more frequent than an equal share of what is left takes a bin of its own;
 * the others share the remaining bins equally, by rank.
 */
function quantileEdges(sorted: Float32Array): number[] {
  const ties = tiesOf(sorted);
  const shares = createShares(ties);
  const edges: number[] = [];
  ties.forEach((tie, index) => {
    const before = ties[index - 1];
    if (before !== undefined && shares.startsBin(tie)) edges.push(between(before.value, tie.value));
    shares.take(tie);
  });
  return edges;
}

/** Equal values of a sorted column. */
interface Tie {
  readonly value: number;
  readonly count: number;
}

function tiesOf(sorted: Float32Array): readonly Tie[] {
  const ties: { value: number; count: number }[] = [];
  for (const value of sorted) {
    const last = ties.at(-1);
    if (last?.value === value) last.count++;
    else ties.push({ value, count: 1 });
  }
  return ties;
}

/** Decides, going up through the ties, where bins begin. */
function createShares(ties: readonly Tie[]) {
  const frequent = frequentTies(ties);
  const rare = ties.filter((tie) => !frequent.has(tie));
  let rareLeft = rare.reduce((sum, tie) => sum + tie.count, 0);
  let binsLeft = limits.featureBins - frequent.size;
  /** Rare samples in the bin that is being filled. */
  let filled = 0;
  let last: Tie | undefined;

  const closeBin = (): void => {
    rareLeft -= filled;
    filled = 0;
    binsLeft--;
  };
  /** Beside a frequent value a bin of rare ones ends early, unless it is the only one left for more. */
  const mayEndEarly = (): boolean => binsLeft > 1 || rareLeft === filled;
  const isFull = (next: Tie): boolean => {
    const share = rareLeft / binsLeft;
    return binsLeft > 1 && Math.abs(filled + next.count - share) > Math.abs(filled - share);
  };

  return {
    /** Whether an edge stands before `tie`. */
    startsBin(tie: Tie): boolean {
      if (filled === 0) return last !== undefined && frequent.has(last);
      const ends = frequent.has(tie) ? mayEndEarly() : isFull(tie);
      if (ends) closeBin();
      return ends;
    },
    take(tie: Tie): void {
      if (!frequent.has(tie)) filled += tie.count;
      last = tie;
    },
  };
}

/** Taking a bin of its own lowers the share that is left to others, so this repeats. */
function frequentTies(ties: readonly Tie[]): ReadonlySet<Tie> {
  const frequent = new Set<Tie>();
  let left = ties.reduce((sum, tie) => sum + tie.count, 0);
  const byCount = [...ties].sort((a, b) => b.count - a.count);
  for (const tie of byCount) {
    const bins = limits.featureBins - frequent.size;
    if (bins === 0 || tie.count < left / bins) break;
    frequent.add(tie);
    left -= tie.count;
  }
  return frequent;
}

/** Halfway in double precision: strictly between two float32 numbers. */
function between(lower: number, upper: number): number {
  return lower + (upper - lower) / 2;
}

/** Features with few distinct values get empty bins above the largest one. */
function padEdges(edges: readonly number[], high: number, step: number): number[] {
  const missing = limits.featureBins - 1 - edges.length;
  const above = Array.from({ length: missing }, (_, place) => high + (place + 1) * step);
  return [...edges, ...above];
}
