import { FleetError, limits } from '@edgewise/protocol';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { HubLink } from '../link/hub-link.ts';
import type { TelemetryStore } from './telemetry-store.ts';

/** Tells devices how far the hub is durable. */
export interface WatermarkSender extends AsyncDisposable {
  /** Something of this device became durable, or it has just come back. */
  due(device: string): void;
}

interface SenderOptions {
  readonly fleet: string;
  readonly link: HubLink;
  readonly store: TelemetryStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Sends at most one watermark per device in `limits.watermarkMs`; a burst shares the next one. */
export function createWatermarkSender({
  fleet,
  link,
  store,
  clock,
  logger,
}: SenderOptions): WatermarkSender {
  const waiting = new Set<string>();
  const sentAtMs = new Map<string, number>();
  const stop = new AbortController();
  let running: Promise<void> | undefined;

  async function send(device: string): Promise<void> {
    sentAtMs.set(device, clock.now());
    const watermarks = await store.watermarks(device);
    const [window, event] = [watermarks.get('window'), watermarks.get('event')];
    await link.publish(
      'committed',
      { fleet, device },
      { v: 1, ...(window && { window }), ...(event && { event }) },
    );
  }

  async function run(): Promise<void> {
    while (waiting.size > 0 && !stop.signal.aborted) {
      const now = clock.now();
      const ready = [...waiting].filter(
        (device) => now - (sentAtMs.get(device) ?? 0) >= limits.watermarkMs,
      );
      for (const device of ready) {
        waiting.delete(device);
        await send(device).catch((thrown: unknown) => {
          // The device sends again after a silence, and the next message makes it due again.
          logger.warn({ err: FleetError.from(thrown), device }, 'a watermark was not sent');
        });
      }
      await clock.sleep(limits.watermarkMs / 10, stop.signal).catch(() => undefined);
    }
  }

  return {
    due(device) {
      waiting.add(device);
      running ??= run().finally(() => {
        running = undefined;
      });
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
