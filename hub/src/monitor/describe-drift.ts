import type { EDetector, EDetectorState } from './e-detector.ts';
import { divergences, type ValueSummary, valueChange } from './effect-size.ts';
import type { DriftFinding } from './finding.ts';
import type { WindowPosition } from './monitored-window.ts';
import { namePattern } from './pattern.ts';
import type { Start } from './starts.ts';

/** A detector's state beside what it is tested against. */
export interface Tested {
  readonly feature: string;
  readonly kind: 'numeric' | 'categorical';
  readonly against: 'baseline' | 'reference';
  readonly detector: EDetector;
  readonly state: EDetectorState;
  /** Raw reference counts and the independent samples they are worth. */
  readonly counts: readonly number[];
  readonly effectiveSamples: number;
  readonly values: ValueSummary;
  /** Samples that count as one. */
  readonly tau: number;
  /** Natural logarithm of the alarm line. */
  readonly logThreshold: number;
}

/** Names and measures the change a detector sees; undefined before its first window. */
export function describeDrift(tested: Tested, at: WindowPosition): DriftFinding | undefined {
  const { counts: referenceCounts, effectiveSamples, tau } = tested;
  const start = tested.detector.likelyStart(tested.state, tau);
  if (start === undefined) return undefined;
  const samples = start.counts.reduce((sum, count) => sum + count, 0);
  const isNumeric = tested.kind === 'numeric';
  const measured = isNumeric
    ? valueChange(tested.values, valuesSince(start, samples, tau))
    : undefined;
  const named = isNumeric
    ? namePattern({
        reference: referenceCounts,
        referenceEffective: effectiveSamples,
        current: start.counts,
        tau,
        ...(measured ? { measured } : undefined),
      })
    : ({ pattern: 'shape', direction: 'mixed', offset: 0, gain: 1 } as const);
  return {
    kind: 'drift',
    feature: tested.feature,
    pattern: named.pattern,
    direction: named.direction,
    logM: tested.state.logM,
    logThreshold: tested.logThreshold,
    since: { epoch: start.epoch, sequence: start.sequence },
    at,
    windows: tested.state.windows - start.at,
    offsetSd: named.offset,
    gainRatio: named.gain,
    effects: {
      ...divergences({
        reference: referenceCounts,
        referenceEffective: effectiveSamples,
        current: start.counts,
        currentEffective: samples / tau,
      }),
      ...measured,
    },
    referenceCounts,
    currentCounts: start.counts,
    tau,
    against: tested.against,
  };
}

function valuesSince(start: Start, samples: number, tau: number): ValueSummary {
  const mean = start.sumZ / samples;
  const variance = start.sumZ2 / samples - mean * mean;
  return { mean, sd: Math.sqrt(Math.max(0, variance)), effectiveSamples: samples / tau };
}
