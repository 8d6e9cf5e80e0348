import { createHash } from 'node:crypto';
import {
  type DeviceEvent,
  decodeWindow,
  limits,
  type OutboxClass,
  outboxClasses,
} from '@edgewise/protocol';
import type { Selectable } from 'kysely';
import type { Database, Queries } from '../../store/database.ts';
import type { GroupCommit } from '../../store/group-commit.ts';
import { countOf, gapsOf, type Ranges, union, withRange } from '../ranges.ts';
import type { StoredWindow } from '../telemetry.ts';
import type { Incoming, TelemetryStore, Unreadable } from '../telemetry-store.ts';
import { watermarkOf } from '../watermark.ts';
import type { TelemetryTables } from './tables.ts';

/** Telemetry in the hub's store; many messages share one commit. */
export function createSqliteTelemetry(db: Database, group: GroupCommit): TelemetryStore {
  return {
    put: (message) => group.write((tx) => putMessage(tx, message)),
    quarantine: (message) => group.write((tx) => putUnreadable(tx, message)),
    async watermarks(device) {
      const newest = await newestSequences(db, device);
      return new Map(
        [...newest].map(([kind, { epoch, received, dropped }]) => [
          kind,
          watermarkOf(epoch, rangesOf(received), rangesOf(dropped)),
        ]),
      );
    },
    async windows(device, { limit, beforeMs }) {
      const query = db.selectFrom('windows').selectAll().where('device', '=', device);
      const bounded = beforeMs === undefined ? query : query.where('startMs', '<', beforeMs);
      const rows = await bounded
        .orderBy('startMs', 'desc')
        .orderBy('sequence', 'desc')
        .limit(limit)
        .execute();
      return rows.map(storedWindow);
    },
    async windowsAfter(device, { epoch, sequence }, limit) {
      const rows = await db
        .selectFrom('windows')
        .selectAll()
        .where('device', '=', device)
        .where((where) =>
          where.or([
            where('epoch', '>', epoch),
            where.and([where('epoch', '=', epoch), where('sequence', '>', sequence)]),
          ]),
        )
        .orderBy('epoch')
        .orderBy('sequence')
        .limit(limit)
        .execute();
      return rows.map(storedWindow);
    },
    async events(device, { limit }) {
      const rows = await db
        .selectFrom('events')
        .select(['device', 'body'])
        .where('device', '=', device)
        .orderBy('receivedAtMs', 'desc')
        .orderBy('sequence', 'desc')
        .limit(limit)
        .execute();
      return rows.map(({ body }) => ({ device, event: JSON.parse(body) as DeviceEvent }));
    },
    async ledger(device) {
      const rows = await db
        .selectFrom('sequences')
        .selectAll()
        .where('device', '=', device)
        .execute();
      const { count } = await db
        .selectFrom('quarantine')
        .select((select) => select.fn.countAll<number>().as('count'))
        .where('device', '=', device)
        .executeTakeFirstOrThrow();
      const sum = (measure: (received: Ranges, dropped: Ranges) => number) =>
        rows.reduce(
          (total, row) => total + measure(rangesOf(row.received), rangesOf(row.dropped)),
          0,
        );
      return {
        received: sum((received) => countOf(received)),
        dropped: sum((_, dropped) => countOf(dropped)),
        missing: sum((received, dropped) => countOf(gapsOf(union(received, dropped)))),
        quarantined: Number(count),
      };
    },
    async windowCount() {
      const rows = await db
        .selectFrom('sequences')
        .select('received')
        .where('class', '=', 'window')
        .execute();
      return rows.reduce((sum, { received }) => sum + countOf(rangesOf(received)), 0);
    },
  };
}

const rangesOf = (text: string): Ranges => JSON.parse(text) as Ranges;

function storedWindow({
  device,
  receivedAtMs,
  body,
}: Selectable<TelemetryTables['windows']>): StoredWindow {
  return { device, receivedAtMs, window: decodeWindow(body) };
}

async function putMessage(tx: Queries, message: Incoming): Promise<boolean> {
  const isNew =
    message.class === 'window' ? await putWindow(tx, message) : await putEvent(tx, message);
  if (!isNew) return false;
  const { device, epoch, sequence, receivedAtMs } = message;
  const place = { device, class: message.class, epoch, nowMs: receivedAtMs };
  await settle(tx, place, { received: [sequence, sequence] });
  if (message.class === 'event' && message.event.body.kind === 'dropped') {
    const { class: dropped, first, last } = message.event.body;
    await settle(tx, { ...place, class: dropped }, { dropped: [first, last] });
  }
  return true;
}

async function putWindow(
  tx: Queries,
  { class: _, ...row }: Incoming & { class: 'window' },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('windows')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

async function putEvent(
  tx: Queries,
  { class: _, event, ...place }: Incoming & { class: 'event' },
): Promise<boolean> {
  const row = { ...place, atMs: event.atMs, kind: event.body.kind, body: JSON.stringify(event) };
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('events')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}

async function putUnreadable(tx: Queries, message: Unreadable): Promise<void> {
  const { device, class: kind, receivedAtMs, code, reason, body, place } = message;
  const digest = createHash('sha256').update(body).digest('hex');
  await tx
    .insertInto('quarantine')
    .values({
      device,
      class: kind,
      digest,
      receivedAtMs,
      code,
      reason,
      body,
      epoch: place?.epoch ?? null,
      sequence: place?.sequence ?? null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if (place && (await isPlausible(tx, { device, kind, ...place }))) {
    const at = { device, class: kind, epoch: place.epoch, nowMs: receivedAtMs };
    await settle(tx, at, { received: [place.sequence, place.sequence] });
  }
}

/** Broken bytes may name any place: only one near what this outbox has sent is believed. */
async function isPlausible(
  tx: Queries,
  {
    device,
    kind,
    epoch,
    sequence,
  }: {
    readonly device: string;
    readonly kind: OutboxClass;
    readonly epoch: number;
    readonly sequence: number;
  },
): Promise<boolean> {
  const row = await tx
    .selectFrom('sequences')
    .select('received')
    .where('device', '=', device)
    .where('class', '=', kind)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  const highest = rangesOf(row?.received ?? '[]').at(-1)?.[1];
  return highest !== undefined && sequence > 0 && sequence <= highest + limits.inFlightMessages;
}

interface Place {
  readonly device: string;
  readonly class: OutboxClass;
  readonly epoch: number;
  readonly nowMs: number;
}

type Range = readonly [first: number, last: number];

/** Notes that a range of sequence numbers came, or was dropped by the device. */
async function settle(
  tx: Queries,
  place: Place,
  { received, dropped }: { readonly received?: Range; readonly dropped?: Range },
): Promise<void> {
  const { device, class: kind, epoch, nowMs } = place;
  const row = await tx
    .selectFrom('sequences')
    .select(['received', 'dropped'])
    .where('device', '=', device)
    .where('class', '=', kind)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  const grown = (text: string | undefined, range: Range | undefined) => {
    const ranges = rangesOf(text ?? '[]');
    return JSON.stringify(range ? withRange(ranges, ...range) : ranges);
  };
  const values = {
    received: grown(row?.received, received),
    dropped: grown(row?.dropped, dropped),
    updatedAtMs: nowMs,
  };
  await tx
    .insertInto('sequences')
    .values({ device, class: kind, epoch, ...values })
    .onConflict((conflict) => conflict.columns(['device', 'class', 'epoch']).doUpdateSet(values))
    .execute();
}

async function newestSequences(
  db: Queries,
  device: string,
): Promise<ReadonlyMap<OutboxClass, Selectable<TelemetryTables['sequences']>>> {
  const rows = await db
    .selectFrom('sequences')
    .selectAll()
    .where('device', '=', device)
    .orderBy('epoch')
    .execute();
  const newest = new Map<OutboxClass, Selectable<TelemetryTables['sequences']>>();
  for (const row of rows) {
    const kind = outboxClasses.find((name) => name === row.class);
    if (kind) newest.set(kind, row);
  }
  return newest;
}
