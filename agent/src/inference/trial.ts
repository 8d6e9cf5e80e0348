import { seconds } from '@edgewise/protocol';
import type { Facts } from '../core/plan.ts';
import type { ServingRecord } from './engine.ts';

/** When a trial ends. */
export interface TrialPolicy {
  /** Answered inputs that end it well. */
  readonly inputs: number;
  /** Time without a failure that ends it well, where few inputs come. */
  readonly spanMs: number;
  /** Failed runs in a row that end it badly. */
  readonly failures: number;
}

/** Well after 20 inputs or 10 s without a failure, badly after 3 failures in a row. */
export const defaultTrial: TrialPolicy = { inputs: 20, spanMs: seconds(10), failures: 3 };

/** How a trial stands. */
export function judgeTrial(
  policy: TrialPolicy,
  record: ServingRecord,
  options: { readonly elapsedMs: number },
): Facts['trial'] {
  if (record.failuresInRow >= policy.failures) {
    const detail = `${record.failuresInRow} runs in a row failed: ${record.lastFailure}`;
    return { verdict: 'failed', detail: detail.slice(0, 500) };
  }
  const spanMs = options.elapsedMs - record.sinceMs;
  const isLong = record.failuresInRow === 0 && spanMs >= policy.spanMs;
  if (record.served >= policy.inputs || isLong) return { verdict: 'passed', detail: '' };
  return {
    verdict: 'running',
    detail: `On trial: ${record.served} of ${policy.inputs} inputs answered.`,
  };
}
