import { sha256 } from '@edgewise/models/crypto';
import { channelOf, encodeWindow, FleetError, isOutboxClass } from '@edgewise/protocol';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { HubLink } from '../link/hub-link.ts';
import { createSignal } from '../signal.ts';
import { guessPosition } from './numbered.ts';
import { createRecall } from './recall.ts';
import type { SequenceRecord, TelemetryRecords } from './records.ts';
import { createSampleFetcher } from './samples.ts';
import { type Arrival, type StoredBatch, sequenceKey, storeBatch } from './store-batch.ts';
import type { StoredEvent, StoredWindow, Telemetry } from './telemetry.ts';
import { createWatermarks } from './watermarks.ts';

/** What telemetry needs. */
export interface TelemetryOptions {
  readonly fleet: string;
  readonly link: HubLink;
  readonly store: TelemetryRecords;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Longest wait between two watermarks of a device. */
  readonly watermarkMs?: number;
}

/** Telemetry, listening. */
export interface RunningTelemetry extends Telemetry, AsyncDisposable {
  /** Sets a message aside that the link could not read: pass it as the link's `onUnreadable`. */
  setAside(topic: string, bytes: Uint8Array, error: FleetError): void;
}

/** Sequence records that are remembered: two per device. */
const mostKnown = 50_000;

/** Starts to gather what devices tell. */
export async function createTelemetry(options: TelemetryOptions): Promise<RunningTelemetry> {
  const { fleet, link, store, clock, logger } = options;
  const onError = (error: unknown) => logger.error({ error }, 'telemetry listener');
  const windowStored = createSignal<StoredWindow>(onError);
  const eventStored = createSignal<StoredEvent>(onError);
  const gathering: Arrival[] = [];
  const known = new Map<string, SequenceRecord>();
  let writing: Promise<void> | undefined;
  let closing = false;

  const newest = createRecall((device) => store.windows(device, { limit: 1 }));
  const ledgers = createRecall((device) => store.ledger(device));

  const publish = (device: string, what: Promise<void>) => {
    what.catch((error: unknown) => logger.debug({ error, device }, 'not published'));
  };
  const watermarks = createWatermarks({
    send: (device, committed) =>
      publish(device, link.publish('committed', { fleet, device }, committed)),
    ...(options.watermarkMs !== undefined && { everyMs: options.watermarkMs }),
  });
  const samples = createSampleFetcher({
    clock,
    want: (device, missing) => link.publish('want', { fleet, device }, missing),
  });

  function gather(arrival: Arrival): void {
    if (closing) return;
    gathering.push(arrival);
    writing ??= writeAll().finally(() => {
      writing = undefined;
    });
  }

  /** One commit after the other; what arrives until one begins goes into it together. */
  async function writeAll(): Promise<void> {
    while (gathering.length > 0) {
      let batch: readonly Arrival[] | undefined;
      try {
        const stored = await store.write((books) => {
          batch ??= gathering.splice(0);
          return storeBatch(books, batch, { nowMs: clock.now(), known });
        });
        tell(stored);
      } catch (thrown) {
        // Without a watermark the devices keep what could not be written, and send it again.
        if (batch === undefined) gathering.length = 0;
        logger.error({ error: FleetError.from(thrown) }, 'telemetry not written');
      }
    }
  }

  function tell({ fresh, records }: StoredBatch): void {
    for (const record of records) remember(record);
    for (const { kind, entry } of fresh) {
      ledgers.forget(entry.device);
      if (kind === 'window') newest.forget(entry.device);
    }
    for (const { kind, entry } of fresh) {
      if (kind === 'window') windowStored.emit(entry);
      else if (kind === 'event') eventStored.emit(entry);
    }
    watermarks.note(records);
  }

  function remember(record: SequenceRecord): void {
    const name = sequenceKey(record);
    known.delete(name);
    known.set(name, record);
    const [oldest] = known.keys();
    if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
  }

  async function greet(device: string): Promise<void> {
    watermarks.note(await store.newestSequences(device));
  }

  const ends = [
    await link.subscribe('window', { fleet }, (window, { device }) =>
      gather({
        kind: 'window',
        entry: { device, receivedAtMs: clock.now(), window, body: encodeWindow(window) },
      }),
    ),
    await link.subscribe('event', { fleet }, (event, { device }) =>
      gather({ kind: 'event', entry: { device, receivedAtMs: clock.now(), event } }),
    ),
    await link.subscribe('presence', { fleet }, ({ status }, { device }) => {
      if (status !== 'online') return;
      greet(device).catch((error: unknown) => logger.error({ error }, 'watermark not sent'));
    }),
    await link.subscribe('sample', { fleet }, (bytes, { device, digest, part }) =>
      samples.receive(device, digest, Number(part), bytes),
    ),
  ];

  return {
    windowStored,
    eventStored,
    windows: (device, page) =>
      page.limit === 1 && page.beforeMs === undefined
        ? newest.of(device)
        : store.windows(device, page),
    windowsAfter: (device, after, limit) => store.windowsAfter(device, after, limit),
    events: (device, page) => store.events(device, page),
    ledger: (device) => ledgers.of(device),
    windowCount: () => store.windowCount(),
    fetchSample: (device, sample, parts, signal) => samples.fetch(device, sample, parts, signal),
    setAside(topic, bytes, error) {
      logger.warn({ topic, bytes: bytes.length, code: error.code }, error.reason);
      const found = channelOf(topic);
      if (!found || !isOutboxClass(found.channel)) return;
      const device = 'device' in found.params ? found.params.device : undefined;
      if (device === undefined) return;
      const position = guessPosition(found.channel, bytes);
      gather({
        kind: 'unreadable',
        entry: {
          device,
          class: found.channel,
          digest: sha256(bytes),
          receivedAtMs: clock.now(),
          code: error.code,
          reason: error.reason,
          epoch: position?.epoch,
          sequence: position?.sequence,
          body: bytes.slice(),
        },
      });
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      watermarks.end();
      await Promise.all(ends.map((end) => end()));
      await writing;
    },
  };
}
