import type { Histogram } from './histogram.ts';
import type { Range } from './ranges.ts';

/** What a range costs, for numbers that are spread as a histogram says; less is better. */
export type RangeCost = (range: Range) => number;

/** How a range is searched. */
export interface ClipOptions {
  /** Zero in the middle. */
  readonly symmetric: boolean;
}

/** Shares of the full range that are tried, largest first. */
const steps = 100;

/**
 * The cheapest range inside the observed one. One end after the other is moved through a grid of
 * 100 shares, starting from the best common share, until neither moves (at most three rounds); of equal
 * costs the wider range wins.
 */
export function clipRange(
  histogram: Histogram,
  cost: RangeCost,
  { symmetric }: ClipOptions,
): Range {
  const full = widestRange(histogram, { symmetric });
  if (!(full.max > full.min)) return full;
  let best = cheapest(cost, (share) => ({ min: full.min * share, max: full.max * share }));
  if (symmetric || full.min === 0 || full.max === 0) return best.range;
  for (let round = 0; round < 3; round++) {
    const before = best.cost;
    const { max } = best.range;
    best = better(
      best,
      cheapest(cost, (share) => ({ min: full.min * share, max })),
    );
    const { min } = best.range;
    best = better(
      best,
      cheapest(cost, (share) => ({ min, max: full.max * share })),
    );
    if (best.cost === before) break;
  }
  return best.range;
}

/** The range of everything that was observed. */
export function widestRange({ min, max }: Range, { symmetric }: ClipOptions): Range {
  const most = Math.max(-min, max);
  return symmetric ? { min: -most, max: most } : { min, max };
}

interface Priced {
  readonly range: Range;
  readonly cost: number;
}

const better = (one: Priced, other: Priced): Priced => (other.cost < one.cost ? other : one);

function cheapest(cost: RangeCost, rangeAt: (share: number) => Range): Priced {
  let best: Priced | undefined;
  for (let step = steps; step >= 1; step--) {
    const range = rangeAt(step / steps);
    const priced = { range, cost: cost(range) };
    if (best === undefined || priced.cost < best.cost) best = priced;
  }
  return best as Priced;
}
