/** One bin of two mirrored histograms. Heights are shares of the tallest bar, 0 to 1. */
export interface HistogramBar {
  readonly bin: number;
  readonly reference: number;
  readonly current: number;
  /** What both have. */
  readonly common: number;
  /** What the current counts have beyond the reference; negative where they have less. */
  readonly difference: number;
  /** Shares of all inputs, 0 to 1. */
  readonly referenceShare: number;
  readonly currentShare: number;
  /** Edges of the bin in the feature's unit; undefined at the open ends. */
  readonly from: number | undefined;
  readonly to: number | undefined;
}

interface Counts {
  /** Inner edges; one fewer than the bins. */
  readonly edges: readonly number[];
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** Makes counts or shares comparable: each side adds up to 1, and both have one scale. */
export function histogramBars({ edges, reference, current }: Counts): readonly HistogramBar[] {
  const before = shares(reference);
  const now = shares(current);
  const tallest = Math.max(...before, ...now, Number.MIN_VALUE);
  return before.map((referenceShare, bin) => {
    const currentShare = now[bin] ?? 0;
    return {
      bin,
      reference: referenceShare / tallest,
      current: currentShare / tallest,
      common: Math.min(referenceShare, currentShare) / tallest,
      difference: (currentShare - referenceShare) / tallest,
      referenceShare,
      currentShare,
      from: edges[bin - 1],
      to: edges[bin],
    };
  });
}

function shares(counts: readonly number[]): readonly number[] {
  const sum = counts.reduce((total, count) => total + count, 0);
  return counts.map((count) => (sum === 0 ? 0 : count / sum));
}
