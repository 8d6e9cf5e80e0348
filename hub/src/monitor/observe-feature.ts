import { type FaultState, type NormalFaults, observeFaults } from './fault-monitor.ts';
import type { FeatureMonitor, FeatureState } from './feature-monitor.ts';
import type { Finding } from './finding.ts';
import {
  foldOuterBins,
  type MonitoredFeature,
  missingCounts,
  type WindowPosition,
} from './monitored-window.ts';

/** What is kept of one numeric feature of a device. */
export interface NumericState {
  readonly drift: FeatureState;
  readonly faults: FaultState;
}

/** A numeric feature and what watches it. */
interface NumericFeature {
  readonly name: string;
  readonly reference: readonly number[];
  readonly monitor: FeatureMonitor;
}

/** Looks for faults first, since a window that is suspect of one is no evidence of drift; adds what it finds. */
export function observeFeature(
  { name, reference, monitor }: NumericFeature,
  before: NumericState,
  input: {
    readonly position: WindowPosition;
    readonly logThreshold: number;
    readonly feature: MonitoredFeature | undefined;
    readonly findings: Finding[];
  },
): NumericState {
  const { position, logThreshold, feature, findings } = input;
  if (feature === undefined) return before;
  const counts = foldOuterBins(feature.counts);
  const samples = counts.reduce((sum, count) => sum + count, 0);
  const { nan, absent } = missingCounts(feature.counts);
  const faults = observeFaults(before.faults, {
    ...{ feature: name, window: feature, samples, counts, position, logThreshold },
    normal: normalFaults(before.drift, reference),
  });
  const step = monitor.observe(before.drift, {
    ...{ counts, samples, nan, absent, position, logThreshold },
    sumZ: feature.sumZ,
    sumZ2: feature.sumZ2,
    // A missing value breaks two pairs at most; the error is far below that of the estimate.
    pairs: Math.max(0, samples - 1),
    sumZz: feature.sumLag,
    isSuspect: faults.isSuspect,
  });
  findings.push(...faults.findings);
  if (step.finding !== undefined) findings.push(step.finding);
  return { drift: step.state, faults: faults.state };
}

function normalFaults(state: FeatureState, reference: readonly number[]): NormalFaults {
  const isLearning = state.phase === 'learning';
  return {
    counts: isLearning ? reference : state.baseline.counts,
    nanRate: isLearning ? 0.05 : state.baseline.nanRate,
    absentRate: isLearning ? 0.05 : state.baseline.absentRate,
    isLearning,
  };
}
