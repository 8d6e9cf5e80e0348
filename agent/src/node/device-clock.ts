import { type DeviceState, seconds } from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import { createSystemClock } from './system-clock.ts';

/** A clock that the hub can set right. */
export interface DeviceClock extends Clock {
  readonly source: DeviceState['clock'];
  /** Compares with the hub and follows it when the difference matters; keeps its time on failure. */
  compare(): Promise<void>;
}

/** Differences below this are left alone: the call itself takes time. */
const toleratedMs = seconds(20);
/** No agent existed before; a machine that says so has no clock. */
const earliestMs = Date.UTC(2024, 0);

/** Builds the device's clock; `askHub` gives hub minus machine in milliseconds. */
export function createDeviceClock(askHub: () => Promise<number>): DeviceClock {
  let offsetMs = 0;
  const clock = createSystemClock({ offsetMs: () => offsetMs });
  return {
    nowMs: () => clock.nowMs(),
    sleep: (durationMs, signal) => clock.sleep(durationMs, signal),
    get source() {
      if (offsetMs !== 0) return 'hub';
      return clock.nowMs() < earliestMs ? 'unknown' : 'system';
    },
    async compare() {
      const differenceMs = await askHub().catch(() => undefined);
      if (differenceMs === undefined) return;
      offsetMs = Math.abs(differenceMs) > toleratedMs ? differenceMs : 0;
    },
  };
}
