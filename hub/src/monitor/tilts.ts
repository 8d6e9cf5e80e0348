import { klDivergence } from './kl.ts';
import { normalQuantile } from './normal.ts';
import { referenceWeight } from './null-likelihood.ts';

/** One bet: probability of bin `b` proportional to `reference[b] * exp(offset * s + gain * s^2)`. */
export interface Tilt {
  /** Change of the mean in standard deviations of the reference's normal scores. */
  readonly offset: number;
  /** Half the change of the precision; 0.2 is about 1.3 times wider, -0.5 about 0.7 times. */
  readonly gain: number;
  /** Share of the stake before the tilts inside the null are dropped; the grid sums to 1. */
  readonly weight: number;
}

const offsets = [0.2, 0.26, 0.33, 0.42, 0.55, 0.75, 1.1, 1.7, 2.6, 4, 6];
const gains = [-2, -1, -0.6, -0.42, -0.28, -0.19, -0.12, 0.08, 0.12, 0.16, 0.2, 0.25, 0.31, 0.4];
const mixedOffsets = [0.3, 0.7, 1.5];
const mixedGains = [-0.8, -0.35, -0.15, 0.12, 0.25];

function grid(): readonly Tilt[] {
  const signed = (values: readonly number[]) => values.flatMap((value) => [-value, value]);
  const share = (stake: number, tilts: readonly Omit<Tilt, 'weight'>[]) =>
    tilts.map((tilt) => ({ ...tilt, weight: stake / tilts.length }));
  return [
    ...share(
      0.5,
      signed(offsets).map((offset) => ({ offset, gain: 0 })),
    ),
    ...share(
      0.3,
      gains.map((gain) => ({ offset: 0, gain })),
    ),
    ...share(
      0.2,
      signed(mixedOffsets).flatMap((offset) => mixedGains.map((gain) => ({ offset, gain }))),
    ),
  ];
}

/** The bets on offsets, gains and both; finest where a change is only just worth an alarm. */
export const tiltGrid: readonly Tilt[] = grid();

/**
 * Normal scores of a reference's bins: the normal quantile of each bin's mid-rank. They need ranks
 * only, so the same bets fit a feature of any unit and shape.
 */
export function normalScores(reference: ArrayLike<number>): Float64Array {
  let below = 0;
  return Float64Array.from(reference, (mass) => {
    const score = normalQuantile(below + mass / 2);
    below += mass;
    return score;
  });
}

/** The distribution a tilt bets on. */
export function tiltedReference(
  reference: Float64Array,
  scores: Float64Array,
  tilt: Pick<Tilt, 'offset' | 'gain'>,
): Float64Array {
  const masses = reference.map((mass, bin) => {
    const score = scores[bin] ?? 0;
    return mass * Math.exp(tilt.offset * score + tilt.gain * score * score);
  });
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
}

/** Bets against a null ball, as tables of what one sample in each bin pays. */
export interface Bets {
  readonly count: number;
  readonly bins: number;
  /** Row-major `[count, bins]`: log of bet over nearest null, nats per effective sample. */
  readonly payoffs: Float64Array;
  /** Share of the stake on each bet; sums to 1 (empty when every tilt lies inside the null). */
  readonly weights: Float64Array;
}

/**
 * Prices every tilt outside the null KL(r || p) <= rho against its reverse information projection
 * p*. The null is convex, so sum_b p_b q_b / p*_b <= 1 for each p in it (Gruenwald, de Heide and
 * Koolen, "Safe testing", JRSS B 2024): the product of payoffs is a test supermartingale, even when
 * p moves inside the null, and it grows at the best possible rate, KL(q || p*) per sample.
 */
export function priceBets(reference: Float64Array, rho: number): Bets {
  const scores = normalScores(reference);
  const rows: Float64Array[] = [];
  const stakes: number[] = [];
  for (const tilt of tiltGrid) {
    const bet = tiltedReference(reference, scores, tilt);
    if (klDivergence(reference, bet) <= rho) continue;
    const weight = referenceWeight(bet, reference, rho);
    rows.push(
      bet.map((mass, bin) =>
        Math.log(mass / ((1 - weight) * mass + weight * (reference[bin] ?? 0))),
      ),
    );
    stakes.push(tilt.weight);
  }
  const stake = stakes.reduce((sum, value) => sum + value, 0);
  const payoffs = new Float64Array(rows.length * reference.length);
  for (const [row, values] of rows.entries()) payoffs.set(values, row * reference.length);
  return {
    count: rows.length,
    bins: reference.length,
    payoffs,
    weights: Float64Array.from(stakes, (value) => value / stake),
  };
}
