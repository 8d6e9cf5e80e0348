/**
 * Faults that show in a window without any statistics: a value that never moves, and a value that
 * rests on the end of its range. Both must last longer than they ever did in the baseline.
 */
import { featureBins, type MonitoredFeature } from './monitored-window.ts';

/** A fault named from the window itself. */
export type DirectPattern = 'stuck' | 'saturation';

/** Runs of suspicious windows: plain data. */
export interface DirectState {
  /** Windows in a row in which all values were this one. */
  readonly stuckRun: number;
  /** Windows in a row that ended on the same largest (smallest) value, with many values beside it. */
  readonly highRun: number;
  readonly lowRun: number;
  readonly lastMin: number | null;
  readonly lastMax: number | null;
  /** Longest runs while the baseline was counted. */
  readonly normalStuckRun: number;
  readonly normalRailRun: number;
}

/** State before any window. */
export const noRuns: DirectState = {
  stuckRun: 0,
  highRun: 0,
  lowRun: 0,
  lastMin: null,
  lastMax: null,
  normalStuckRun: 0,
  normalRailRun: 0,
};

const minSamples = 10;
/** A rail holds at least this share of a window's values more than the baseline's outer bin. */
const railShare = 0.2;
/** Windows in a row beyond the longest normal run. */
const patience = 3;

/** What is normal at the ends of the range: shares (0-1) of the outer bins. */
export interface OuterShares {
  readonly low: number;
  readonly high: number;
}

/** Follows the runs through one window; `samples` is the number of its finite values. */
export function advanceRuns(
  state: DirectState,
  feature: MonitoredFeature,
  window: {
    readonly samples: number;
    readonly counts: readonly number[];
    readonly normal: OuterShares;
  },
): DirectState {
  const { samples, counts, normal } = window;
  if (samples < minSamples) return state;
  const isStuck = feature.minZ === feature.maxZ;
  const sameValue = state.lastMin === feature.minZ && state.lastMax === feature.maxZ;
  const lowShare = (counts[0] ?? 0) / samples;
  const highShare = (counts[featureBins - 1] ?? 0) / samples;
  const onHigh = !isStuck && highShare > normal.high + railShare;
  const onLow = !isStuck && lowShare > normal.low + railShare;
  return {
    ...state,
    stuckRun: isStuck ? (sameValue ? state.stuckRun : 0) + 1 : 0,
    highRun: onHigh ? (state.lastMax === feature.maxZ ? state.highRun : 0) + 1 : 0,
    lowRun: onLow ? (state.lastMin === feature.minZ ? state.lowRun : 0) + 1 : 0,
    lastMin: feature.minZ,
    lastMax: feature.maxZ,
  };
}

/** Records the runs so far as normal; called while a baseline grows and no fault is named. */
export function acceptRuns(state: DirectState): DirectState {
  return {
    ...state,
    normalStuckRun: Math.max(state.normalStuckRun, state.stuckRun),
    normalRailRun: Math.max(state.normalRailRun, state.highRun, state.lowRun),
  };
}

/** The fault the runs show, if any; needs three windows in a row more than was ever normal. */
export function directPattern(state: DirectState): DirectPattern | undefined {
  if (state.stuckRun >= state.normalStuckRun + patience) return 'stuck';
  if (Math.max(state.highRun, state.lowRun) >= state.normalRailRun + patience) return 'saturation';
  return undefined;
}

/** True when a window's runs already exceed what was normal: too early to name, too odd to learn from. */
export function isSuspect(state: DirectState): boolean {
  return (
    state.stuckRun > state.normalStuckRun ||
    Math.max(state.highRun, state.lowRun) > state.normalRailRun + 1
  );
}
