import { FleetError } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';

/** A clock in which every pause is over at once, and its time has passed. */
export function createSimClock(startMs = 1_700_000_000_000): Clock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    async sleep(durationMs, signal) {
      if (signal?.aborted) throw FleetError.from(signal.reason);
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw FleetError.from(signal.reason);
      nowMs += durationMs;
    },
  };
}
