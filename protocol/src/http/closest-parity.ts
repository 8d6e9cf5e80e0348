import type { ParityReport } from '../documents/state.ts';

/** The deviation of a certificate that is closest to its limit, or furthest beyond. */
export interface ClosestParity {
  /** The largest deviation of one answer, or the root mean square of an output's deviations. */
  readonly measure: 'largest' | 'rms';
  readonly deviation: number;
  /** `undefined` where the agent did not say. */
  readonly allowed: number | undefined;
  /** The name of that output, where the agent said it. */
  readonly output: string | undefined;
  /** The deviation as a part of what is allowed; more than 1 is refused. */
  readonly part: number;
}

/** What of a certificate decides: its largest deviation, or their mean where that is closer to its limit. */
export function closestParity(report: ParityReport): ClosestParity {
  const { largestDeviation, allowed, rms, allowedRms, output } = report;
  const largest = { output, part: partOf(largestDeviation, allowed) };
  if (rms !== undefined && allowedRms !== undefined) {
    const part = partOf(rms, allowedRms);
    if (part > largest.part)
      return { measure: 'rms', deviation: rms, allowed: allowedRms, output, part };
  }
  return { measure: 'largest', deviation: largestDeviation, allowed, ...largest };
}

/** The certificate among these that is closest to a limit; `undefined` of none. */
export function closestOf(reports: readonly ParityReport[]): ClosestParity | undefined {
  return reports.map(closestParity).toSorted((a, b) => b.part - a.part)[0];
}

const partOf = (deviation: number, allowed = 1): number =>
  deviation === 0 ? 0 : deviation / allowed;
