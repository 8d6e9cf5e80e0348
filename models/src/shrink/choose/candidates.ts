import type { AnswerError } from '../answers.ts';
import type { CalibrationMethod } from '../calibrate/methods.ts';

/** One way to shrink that was tried. */
export interface Candidate extends AnswerError {
  readonly method: CalibrationMethod;
  readonly percentile?: number;
  readonly equalize: boolean;
  readonly correctBias: boolean;
}

/** Ways to find ranges, plainest first: of equals the first wins. */
export const candidateRules = [
  { method: 'minmax' },
  { method: 'percentile', percentile: 99.999 },
  { method: 'percentile', percentile: 99.99 },
  { method: 'percentile', percentile: 99.9 },
  { method: 'mse' },
  { method: 'entropy' },
] as const satisfies readonly { method: CalibrationMethod; percentile?: number }[];

/** A more elaborate way must be better by this share of the error, or the plainer one stays. */
const leastGain = 0.02;

/** Whether a way is worth its trouble. */
export function isBetter(candidate: AnswerError, best: AnswerError): boolean {
  return candidate.error < best.error * (1 - leastGain);
}
