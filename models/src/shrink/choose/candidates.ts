import type { AnswerError, MeasuredError } from '../answers.ts';
import type { CalibrationMethod } from '../calibrate/methods.ts';
import { isEvidentlyLess } from './evidence.ts';

/** One way to shrink that was tried. */
export interface Candidate extends AnswerError {
  readonly method: CalibrationMethod;
  readonly percentile?: number;
  readonly equalize: boolean;
  readonly correctBias: boolean;
}

/** Ways to find ranges, plainest first: a later one needs evidence. */
export const candidateRules = [
  { method: 'minmax' },
  { method: 'percentile', percentile: 99.999 },
  { method: 'percentile', percentile: 99.99 },
  { method: 'percentile', percentile: 99.9 },
  { method: 'mse' },
  { method: 'entropy' },
] as const satisfies readonly { method: CalibrationMethod; percentile?: number }[];

/** A more elaborate way must take away this share of the error, or the plainer one stays. */
const leastShare = 0.02;

/**
 * And this much of the outputs' power (-40 dB): less is about what rounding the outputs themselves to
 * bytes costs, and decides no answer.
 */
const leastGain = 1e-4;

/** Whether a way is worth its trouble: better by enough to matter, and beyond chance. */
export function isBetter(candidate: MeasuredError, best: MeasuredError): boolean {
  if (!Number.isFinite(best.error)) return candidate.error < best.error;
  const gain = best.error - candidate.error;
  if (!(gain >= Math.max(leastGain, leastShare * best.error))) return false;
  return isEvidentlyLess(candidate.samples, best.samples);
}
