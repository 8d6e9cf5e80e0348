import type { DirectPattern } from './direct-patterns.ts';
import type { EffectSizes } from './effect-size.ts';
import type { WindowPosition } from './monitored-window.ts';
import type { DriftDirection, DriftPattern } from './pattern.ts';

/** A distribution that changed. */
export interface DriftFinding {
  readonly kind: 'drift';
  readonly feature: string;
  readonly pattern: DriftPattern;
  readonly direction: DriftDirection;
  /** Natural logarithm of M, and of the alarm line it crossed. */
  readonly logM: number;
  readonly logThreshold: number;
  /** Where the change most likely began, and the window that raised the alarm. */
  readonly since: WindowPosition;
  readonly at: WindowPosition;
  /** Windows from `since` to `at`. */
  readonly windows: number;
  /** Offset in standard deviations of the baseline, by rank; signed. */
  readonly offsetSd: number;
  /** Standard deviation over that of the baseline, by rank. */
  readonly gainRatio: number;
  readonly effects: EffectSizes;
  /** Raw counts over the same bins: the reference, and the windows since the change began. */
  readonly referenceCounts: readonly number[];
  readonly currentCounts: readonly number[];
  /** Samples that count as one. */
  readonly tau: number;
  /** What it was tested against. */
  readonly against: 'baseline' | 'reference';
}

/** A fault of the data themselves: it is put aside, never learnt from. */
export interface ValidationFinding {
  readonly kind: 'validation';
  readonly feature: string;
  readonly pattern: DirectPattern | 'dropout' | 'not-a-number';
  readonly at: WindowPosition;
  /** Windows the fault has lasted. */
  readonly windows: number;
  /** Share (0-1) of this window's inputs that are at fault. */
  readonly share: number;
}

/** What the monitor reports of one feature of one device. */
export type Finding = DriftFinding | ValidationFinding;
