import { setTimeout as sleep } from 'node:timers/promises';
import { FleetError } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';

/** The machine's clock, set right by a known difference. */
export function createSystemClock(options: { readonly offsetMs?: () => number } = {}): Clock {
  return {
    nowMs: () => Math.round(Date.now() + (options.offsetMs?.() ?? 0)),
    async sleep(durationMs, signal) {
      try {
        await sleep(durationMs, undefined, { ...(signal && { signal }) });
      } catch (thrown) {
        throw FleetError.from(thrown);
      }
    },
  };
}
