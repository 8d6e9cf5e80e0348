import type { SampleOffer } from '@edgewise/protocol';
import { FleetError, seconds } from '@edgewise/protocol';
import type { Clock } from '../clock.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** An offer with where and when it was made. */
export interface OfferedSample {
  readonly device: string;
  readonly atMs: number;
  readonly offer: SampleOffer;
}

/** Fetches offered samples, a few at a time per device. */
export interface Intake {
  take(offered: OfferedSample): void;
  /** Ends what runs; resolves when nothing does. */
  stop(): Promise<void>;
}

/** Samples of one device that are fetched at once. */
const atOnce = 4;
const attempts = 3;
const pauseMs = seconds(2);

/** Each fetched sample goes to `store`; one that cannot be had after three attempts goes to `onError`. */
export function createIntake(options: {
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly store: (offered: OfferedSample, bytes: Uint8Array) => Promise<void>;
  /** Told of each sample once it is stored or given up. */
  readonly onSettled: (offered: OfferedSample) => void;
  readonly onError: (thrown: unknown) => void;
}): Intake {
  const { telemetry, clock } = options;
  const stop = new AbortController();
  const lanes = new Map<string, { readonly waiting: OfferedSample[]; running: number }>();
  const running = new Set<Promise<void>>();

  async function fetch({ device, offer }: OfferedSample): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await telemetry.fetchSample(device, offer.sample, offer.parts, stop.signal);
      } catch (thrown) {
        const { code } = FleetError.from(thrown);
        if (attempt === attempts || code === 'canceled' || code === 'not-found') throw thrown;
        await clock.sleep(pauseMs, stop.signal);
      }
    }
  }

  async function work(device: string): Promise<void> {
    const lane = lanes.get(device);
    if (lane === undefined) return;
    lane.running++;
    for (let next = lane.waiting.shift(); next !== undefined; next = lane.waiting.shift()) {
      try {
        if (!stop.signal.aborted) await options.store(next, await fetch(next));
      } catch (thrown) {
        if (!stop.signal.aborted) options.onError(thrown);
      }
      options.onSettled(next);
    }
    lane.running--;
  }

  return {
    take(offered) {
      const lane = lanes.get(offered.device) ?? { waiting: [], running: 0 };
      lanes.set(offered.device, lane);
      lane.waiting.push(offered);
      if (lane.running >= atOnce || stop.signal.aborted) return;
      const job: Promise<void> = work(offered.device).finally(() => running.delete(job));
      running.add(job);
    },
    async stop() {
      stop.abort(new FleetError('canceled', 'The hub is closing.'));
      await Promise.all(running);
    },
  };
}
