import type { Sha256 } from '@edgewise/models/bundle';
import {
  channelOf,
  type DeviceEvent,
  encodeWindow,
  FleetError,
  isOutboxClass,
  type PackedWindow,
} from '@edgewise/protocol';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { HubLink } from '../link/hub-link.ts';
import { createSignal } from '../signal.ts';
import { readPlace } from './read-place.ts';
import { fetchSample } from './sample-fetcher.ts';
import type { StoredEvent, StoredWindow, Telemetry } from './telemetry.ts';
import type { Incoming, TelemetryStore } from './telemetry-store.ts';
import { createWatermarkSender } from './watermark-sender.ts';

export interface TelemetryOptions {
  readonly fleet: string;
  readonly link: HubLink;
  readonly store: TelemetryStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sha256: Sha256;
}

/** Telemetry and its way in. */
export interface RunningTelemetry extends Telemetry, AsyncDisposable {
  /** A message on a topic of ours that no handler could read: set aside, counted, covered by the watermark. */
  setAside(topic: string, body: Uint8Array, error: FleetError): void;
  /** A device has come back: tell it how far the hub is. */
  greet(device: string): void;
}

/** Takes windows and events in: store, then signal, then watermark. A full disk withholds the watermark. */
export async function createTelemetry(options: TelemetryOptions): Promise<RunningTelemetry> {
  const { fleet, link, store, clock, logger } = options;
  const onError = (thrown: unknown) =>
    logger.error({ err: thrown }, 'a listener of telemetry failed');
  const windowStored = createSignal<StoredWindow>(onError);
  const eventStored = createSignal<StoredEvent>(onError);
  const watermarks = createWatermarkSender(options);

  async function take(message: Incoming, announce: () => void): Promise<void> {
    try {
      if (await store.put(message)) announce();
      watermarks.due(message.device);
    } catch (thrown) {
      logger.error(
        { err: FleetError.from(thrown), device: message.device },
        'a message was not stored; its watermark is withheld',
      );
    }
  }

  function takeWindow(device: string, window: PackedWindow): void {
    const receivedAtMs = clock.now();
    const { epoch, sequence, startMs } = window;
    const message = {
      class: 'window',
      device,
      epoch,
      sequence,
      receivedAtMs,
      startMs,
      body: encodeWindow(window),
    } as const;
    void take(message, () => windowStored.emit({ device, receivedAtMs, window }));
  }

  function takeEvent(device: string, event: DeviceEvent): void {
    const { epoch, sequence } = event;
    const message = {
      class: 'event',
      device,
      epoch,
      sequence,
      receivedAtMs: clock.now(),
      event,
    } as const;
    void take(message, () => eventStored.emit({ device, event }));
  }

  const unsubscribe = await Promise.all([
    link.subscribe('window', { fleet }, (window, { device }) => takeWindow(device, window)),
    link.subscribe('event', { fleet }, (event, { device }) => takeEvent(device, event)),
  ]);

  return {
    windowStored,
    eventStored,
    windows: (device, range) => store.windows(device, range),
    windowsAfter: (device, after, limit) => store.windowsAfter(device, after, limit),
    events: (device, range) => store.events(device, range),
    ledger: (device) => store.ledger(device),
    windowCount: () => store.windowCount(),
    fetchSample: (device, sample, parts, signal) =>
      fetchSample(options, { device, sample, parts }, signal),
    greet: (device) => watermarks.due(device),
    setAside(topic, body, { code, reason }) {
      const found = channelOf(topic);
      if (!found || !isOutboxClass(found.channel)) return;
      const { device } = found.params as { readonly device: string };
      const place = readPlace(found.channel, body);
      store
        .quarantine({
          device,
          class: found.channel,
          receivedAtMs: clock.now(),
          code,
          reason,
          body,
          place,
        })
        .then(() => watermarks.due(device))
        .catch((thrown: unknown) =>
          logger.error(
            { err: FleetError.from(thrown), device },
            'an unreadable message was not set aside',
          ),
        );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(unsubscribe.map((end) => end()));
      await watermarks[Symbol.asyncDispose]();
    },
  };
}
