/**
 * Faults that show in a window without any statistics: a value that never moves, and values that
 * pile up on a rail at the end of the known range. Both must last longer than they ever did in the baseline.
 */
import type { MonitoredFeature } from './monitored-window.ts';

/** A fault named from the window itself. */
export type DirectPattern = 'stuck' | 'saturation';

/** Runs of suspicious windows: plain data. */
export interface DirectState {
  /** Windows in a row in which all values were this one. */
  readonly stuckRun: number;
  /** Windows in a row whose values piled up at the same largest (smallest) value. */
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
/** An outer bin in which values pile up holds this share (0-1) more than it normally does. */
const pileShare = 0.1;
/** Windows in a row beyond the longest normal run. */
const patience = 3;

/** A window's tested counts beside the normal ones; both of the same bins. */
export interface RunInput {
  /** Finite values in the window. */
  readonly samples: number;
  readonly counts: readonly number[];
  /** Raw counts of the baseline or the reference. */
  readonly normal: readonly number[];
}

/** Follows the runs through one window. */
export function advanceRuns(
  state: DirectState,
  feature: MonitoredFeature,
  input: RunInput,
): DirectState {
  if (input.samples < minSamples) return state;
  const { minZ, maxZ } = feature;
  const isStuck = minZ === maxZ && isSpread(input.normal);
  const isSameValue = minZ === state.lastMin && maxZ === state.lastMax;
  const isHigh = minZ !== maxZ && isPile(input, input.counts.length - 1);
  const isLow = minZ !== maxZ && isPile(input, 0);
  return {
    ...state,
    stuckRun: nextRun(state.stuckRun, { isOn: isStuck, isSameValue }),
    highRun: nextRun(state.highRun, { isOn: isHigh, isSameValue: maxZ === state.lastMax }),
    lowRun: nextRun(state.lowRun, { isOn: isLow, isSameValue: minZ === state.lastMin }),
    lastMin: minZ,
    lastMax: maxZ,
  };
}

/** A feature that is one value by nature cannot be stuck. */
function isSpread(normal: readonly number[]): boolean {
  const total = normal.reduce((sum, count) => sum + count, 0);
  return normal.filter((count) => count > 0.01 * total).length > 1;
}

/** Windows in a row with the pattern at the same value. */
function nextRun(
  run: number,
  { isOn, isSameValue }: { readonly isOn: boolean; readonly isSameValue: boolean },
): number {
  if (!isOn) return 0;
  return isSameValue ? run + 1 : 1;
}

function isPile({ samples, counts, normal }: RunInput, bin: number): boolean {
  const total = normal.reduce((sum, count) => sum + count, 0);
  return (counts[bin] ?? 0) / samples > (normal[bin] ?? 0) / total + pileShare;
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
