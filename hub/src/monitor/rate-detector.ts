/**
 * A sequential test of "the share of missing values is at most p0" by betting on each window's share
 * f: the payoff 1 + b (f / p0 - 1) has mean at most one whenever f's mean is at most p0, however
 * values depend on each other inside a window (Waudby-Smith and Ramdas, JRSS B 2024). Restarts as in
 * the e-detector, so M has the same meaning.
 */

import { noEvidence } from './e-detector.ts';

/** Serialisable state. */
export interface RateDetectorState {
  /** Shiryaev-Roberts sum per bet. */
  readonly sums: readonly number[];
  readonly logM: number;
  /** The window the leading bet most likely began to pay. */
  readonly since: number;
  readonly windows: number;
}

/** Stakes per bet, in units of 1 / p0. */
const stakes = [0.05, 0.2, 0.5, 0.95];
const maxSum = Math.exp(60);

/** State before any window. */
export const noRate: RateDetectorState = {
  sums: stakes.map(() => 0),
  logM: noEvidence,
  since: 0,
  windows: 0,
};

/** Feeds one window's share of missing values (0-1) against the tolerated rate (0-1, above 0). */
export function updateRate(
  state: RateDetectorState,
  share: number,
  toleratedRate: number,
): RateDetectorState {
  const before = Math.max(...state.sums);
  const sums = stakes.map((stake, bet) => {
    const payoff = 1 + stake * (share / toleratedRate - 1);
    return Math.min(maxSum, (1 + (state.sums[bet] ?? 0)) * payoff);
  });
  const mean = sums.reduce((sum, value) => sum + value, 0) / sums.length;
  return {
    sums,
    logM: Math.log(mean),
    since: before < 2 ? state.windows : state.since,
    windows: state.windows + 1,
  };
}

/** The rate that is still normal for a device that lost `baselineRate` (0-1) of its values before. */
export function toleratedRate(baselineRate: number): number {
  return Math.min(0.9, Math.max(0.02, 2 * baselineRate));
}
