/** Follows the faults of one numeric feature: stuck, on a rail, missing, not a number. */
import {
  acceptRuns,
  advanceRuns,
  type DirectState,
  directPattern,
  isSuspect,
  noRuns,
} from './direct-patterns.ts';
import type { ValidationFinding } from './finding.ts';
import { type MonitoredFeature, missingCounts, type WindowPosition } from './monitored-window.ts';
import { noRate, type RateDetectorState, toleratedRate, updateRate } from './rate-detector.ts';

/** State of one feature's faults: plain data. */
export interface FaultState {
  readonly runs: DirectState;
  readonly nan: RateDetectorState;
  readonly absent: RateDetectorState;
  /** Faults that have been reported and still hold. */
  readonly active: readonly ValidationFinding['pattern'][];
}

/** What is normal for the device, from its baseline or the reference. */
export interface NormalFaults {
  /** Raw counts of the baseline or the reference. */
  readonly counts: readonly number[];
  readonly nanRate: number;
  readonly absentRate: number;
  /** While true, runs are recorded as normal unless they already show a fault. */
  readonly isLearning: boolean;
}

/** One window of a feature. */
export interface FaultInput {
  readonly feature: string;
  readonly window: MonitoredFeature;
  /** Finite values, and the tested bins. */
  readonly samples: number;
  readonly counts: readonly number[];
  readonly position: WindowPosition;
  readonly logThreshold: number;
  readonly normal: NormalFaults;
}

/** The next state, new findings, and whether this window is too suspicious to learn from. */
export interface FaultStep {
  readonly state: FaultState;
  readonly findings: readonly ValidationFinding[];
  readonly isSuspect: boolean;
}

/** State before any window. */
export const noFaults: FaultState = { runs: noRuns, nan: noRate, absent: noRate, active: [] };

/** Feeds one window. */
export function observeFaults(state: FaultState, input: FaultInput): FaultStep {
  const { window, samples, counts, normal, logThreshold } = input;
  const missing = missingCounts(window.counts);
  const total = samples + missing.nan + missing.absent;
  if (total === 0) return { state, findings: [], isSuspect: false };
  const advanced = advanceRuns(state.runs, window, { samples, counts, normal: normal.counts });
  const direct = directPattern(advanced);
  const runs = normal.isLearning && !isSuspect(advanced) ? acceptRuns(advanced) : advanced;
  const nan = updateRate(state.nan, missing.nan / total, toleratedRate(normal.nanRate));
  const absent = updateRate(state.absent, missing.absent / total, toleratedRate(normal.absentRate));

  const wasActive = (pattern: ValidationFinding['pattern']) => state.active.includes(pattern);
  const holds = (rate: RateDetectorState, pattern: 'dropout' | 'not-a-number') =>
    rate.logM >= (wasActive(pattern) ? logThreshold / 2 : logThreshold);
  const seen: Omit<ValidationFinding, 'kind' | 'feature' | 'at'>[] = [];
  if (direct !== undefined) {
    const runWindows = Math.max(runs.stuckRun, runs.highRun, runs.lowRun);
    seen.push({ pattern: direct, windows: runWindows, share: faultyShare(direct, input) });
  }
  if (holds(absent, 'dropout')) {
    seen.push({
      pattern: 'dropout',
      windows: absent.windows - absent.since,
      share: missing.absent / total,
    });
  }
  if (holds(nan, 'not-a-number')) {
    seen.push({
      pattern: 'not-a-number',
      windows: nan.windows - nan.since,
      share: missing.nan / total,
    });
  }
  return {
    state: { runs, nan, absent, active: seen.map(({ pattern }) => pattern) },
    findings: seen
      .filter(({ pattern }) => !wasActive(pattern))
      .map((fault) => ({
        kind: 'validation',
        feature: input.feature,
        at: input.position,
        ...fault,
      })),
    isSuspect: isSuspect(advanced),
  };
}

function faultyShare(pattern: 'stuck' | 'saturation', input: FaultInput): number {
  if (pattern === 'stuck') return 1;
  return Math.max(input.counts[0] ?? 0, input.counts.at(-1) ?? 0) / input.samples;
}
