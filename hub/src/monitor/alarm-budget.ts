/** How often a device may raise a false alarm, and what that is shared by. */
export interface AlarmBudget {
  /** Expected false alarms per device and year. Default 0.1. */
  readonly falseAlarmsPerDeviceYear?: number;
  /** Tested features per window, the prediction table included. */
  readonly features: number;
  /** Median span of a window, ms; spans below 10 s count as 10 s. */
  readonly medianSpanMs: number;
}

const yearMs = 365.25 * 24 * 3600 * 1000;
const minSpanMs = 10_000;

/**
 * The alarm line for M, 1/alpha: the mean number of windows between false alarms of one feature
 * that keeps the device within its budget.
 */
export function alarmThreshold(budget: AlarmBudget): number {
  const windowsPerYear = yearMs / Math.max(minSpanMs, budget.medianSpanMs);
  return (budget.features * windowsPerYear) / (budget.falseAlarmsPerDeviceYear ?? 0.1);
}

/** Median of spans, ms; 0 for none. */
export function medianSpan(spansMs: readonly number[]): number {
  const sorted = spansMs.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
