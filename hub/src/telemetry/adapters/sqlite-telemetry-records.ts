import { setImmediate as nextTurn } from 'node:timers/promises';
import { type DeviceEvent, type OutboxClass, outboxClasses } from '@edgewise/protocol';
import type { Database, Queries } from '../../store/database.ts';
import type { GroupCommit } from '../../store/group-commit.ts';
import { readStoredWindow } from '../numbered.ts';
import type { SequenceKey, SequenceRecord, TelemetryBooks, TelemetryRecords } from '../records.ts';
import { gapsOf, sizeOf, unite } from '../sequence-set.ts';
import type { StoredWindow } from '../telemetry.ts';

/** Telemetry in the relational store. */
export function createSqliteTelemetryRecords(db: Database, commits: GroupCommit): TelemetryRecords {
  const windowsOf = (device: string) =>
    db.selectFrom('windows').selectAll().where('device', '=', device);
  return {
    write: (work) => commits.write((tx) => work(booksOf(tx))),
    async windows(device, { limit, beforeMs }) {
      let query = windowsOf(device);
      if (beforeMs !== undefined) query = query.where('startMs', '<', beforeMs);
      const rows = await query
        .orderBy('startMs', 'desc')
        .orderBy('epoch', 'desc')
        .orderBy('sequence', 'desc')
        .limit(limit)
        .execute();
      return rows.map(readWindow);
    },
    async windowsAfter(device, { epoch, sequence }, limit) {
      const rows = await windowsOf(device)
        .where(({ and, eb, or }) =>
          or([
            eb('epoch', '>', epoch),
            and([eb('epoch', '=', epoch), eb('sequence', '>', sequence)]),
          ]),
        )
        .orderBy('epoch')
        .orderBy('sequence')
        .limit(limit)
        .execute();
      return rows.map(readWindow);
    },
    async events(device, { limit }) {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where('device', '=', device)
        .orderBy('receivedAtMs', 'desc')
        .orderBy('epoch', 'desc')
        .orderBy('sequence', 'desc')
        .limit(limit)
        .execute();
      return rows.map(({ body }) => ({ device, event: JSON.parse(body) as DeviceEvent }));
    },
    async newestSequences(device) {
      const rows = await sequencesOf(db, device);
      return outboxClasses.flatMap((kind) => {
        const [newest] = rows
          .filter((row) => row.class === kind)
          .toSorted((a, b) => b.updatedAtMs - a.updatedAtMs || b.epoch - a.epoch);
        return newest ? [newest] : [];
      });
    },
    async ledger(device) {
      const rows = await sequencesOf(db, device);
      const { quarantined } = await db
        .selectFrom('quarantine')
        .select(({ fn }) => fn.countAll<number>().as('quarantined'))
        .where('device', '=', device)
        .executeTakeFirstOrThrow();
      const sum = (count: (row: SequenceRecord) => number) =>
        rows.reduce((total, row) => total + count(row), 0);
      return {
        received: sum(({ received }) => sizeOf(received)),
        missing: sum(({ received, dropped }) => sizeOf(gapsOf(unite(received, dropped)))),
        dropped: sum(
          ({ received, dropped }) => sizeOf(unite(received, dropped)) - sizeOf(received),
        ),
        quarantined: Number(quarantined),
      };
    },
    async windowCount() {
      const rows = await db
        .selectFrom('sequences')
        .select('received')
        .where('class', '=', 'window')
        .execute();
      return rows.reduce((total, { received }) => total + sizeOf(JSON.parse(received)), 0);
    },
  };
}

function booksOf(tx: Queries): TelemetryBooks {
  return {
    putWindows: (entries) =>
      inSlices(entries, async (slice) => {
        const rows = slice.map(({ device, receivedAtMs, window, body }) => {
          const { epoch, sequence, startMs } = window;
          return { device, epoch, sequence, receivedAtMs, startMs, body };
        });
        const insert = tx.insertInto('windows').values(rows);
        await insert.onConflict((conflict) => conflict.doNothing()).execute();
      }),
    putEvents: (entries) =>
      inSlices(entries, async (slice) => {
        const rows = slice.map(({ device, receivedAtMs, event }) => {
          const { epoch, sequence, atMs } = event;
          const body = JSON.stringify(event);
          return { device, epoch, sequence, receivedAtMs, atMs, kind: event.body.kind, body };
        });
        const insert = tx.insertInto('events').values(rows);
        await insert.onConflict((conflict) => conflict.doNothing()).execute();
      }),
    async putQuarantine({ epoch, sequence, body: raw, ...entry }) {
      const { kept } = await tx
        .selectFrom('quarantine')
        .select(({ fn }) => fn.countAll<number>().as('kept'))
        .where('device', '=', entry.device)
        .executeTakeFirstOrThrow();
      const body = Number(kept) < mostRaw ? raw : new Uint8Array();
      const { numInsertedOrUpdatedRows: added } = await tx
        .insertInto('quarantine')
        .values({ ...entry, body, epoch: epoch ?? null, sequence: sequence ?? null })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return added === 1n;
    },
    async sequences(key) {
      const row = await tx
        .selectFrom('sequences')
        .selectAll()
        .where('device', '=', key.device)
        .where('class', '=', key.class)
        .where('epoch', '=', key.epoch)
        .executeTakeFirst();
      return row ? readSequences(row) : nothingYet(key);
    },
    putSequences: (records) =>
      inSlices(records, async (slice) => {
        const rows = slice.map(({ received, dropped, ...key }) => {
          return { ...key, received: JSON.stringify(received), dropped: JSON.stringify(dropped) };
        });
        await tx
          .insertInto('sequences')
          .values(rows)
          .onConflict((conflict) =>
            conflict.columns(['device', 'class', 'epoch']).doUpdateSet(({ ref }) => ({
              received: ref('excluded.received'),
              dropped: ref('excluded.dropped'),
              updatedAtMs: ref('excluded.updatedAtMs'),
            })),
          )
          .execute();
      }),
  };
}

/** Unreadable messages of one device whose bytes are kept; further ones are only counted. */
const mostRaw = 1000;

/** Rows of one statement: a millisecond or two of a synchronous driver. */
const sliceSize = 100;

/** Works in slices; between them the event loop has its turn. */
async function inSlices<T>(
  all: readonly T[],
  work: (slice: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < all.length; at += sliceSize) {
    if (at > 0) await nextTurn();
    await work(all.slice(at, at + sliceSize));
  }
}

async function sequencesOf(db: Database, device: string): Promise<readonly SequenceRecord[]> {
  const rows = await db.selectFrom('sequences').selectAll().where('device', '=', device).execute();
  return rows.map(readSequences);
}

function nothingYet(key: SequenceKey): SequenceRecord {
  return { ...key, received: [], dropped: [], updatedAtMs: 0 };
}

function readSequences(row: {
  readonly device: string;
  readonly class: string;
  readonly epoch: number;
  readonly received: string;
  readonly dropped: string;
  readonly updatedAtMs: number;
}): SequenceRecord {
  return {
    ...row,
    class: row.class as OutboxClass,
    received: JSON.parse(row.received),
    dropped: JSON.parse(row.dropped),
  };
}

function readWindow(row: {
  readonly device: string;
  readonly receivedAtMs: number;
  readonly body: Uint8Array;
}): StoredWindow {
  const { device, receivedAtMs, body } = row;
  return { device, receivedAtMs, window: readStoredWindow(body) };
}
