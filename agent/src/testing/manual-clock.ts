import { FleetError } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';

/** A clock that stands still until it is told to go on. */
export interface ManualClock extends Clock {
  /** Lets time pass and wakes whoever it was enough for. */
  advance(durationMs: number): Promise<void>;
}

interface Sleeper {
  readonly untilMs: number;
  wake(): void;
}

/** A clock for tests that wait for nothing but what they say. */
export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();
  return {
    nowMs: () => nowMs,
    sleep(durationMs, signal) {
      return new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(FleetError.from(signal?.reason));
        };
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const sleeper = { untilMs: nowMs + durationMs, wake };
        if (signal?.aborted) return onAbort();
        sleepers.add(sleeper);
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    },
    async advance(durationMs) {
      nowMs += durationMs;
      for (const sleeper of [...sleepers]) if (sleeper.untilMs <= nowMs) sleeper.wake();
      await new Promise<void>((resolve) => setImmediate(resolve));
    },
  };
}
