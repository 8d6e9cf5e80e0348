import assert from 'node:assert/strict';
import { test } from 'node:test';
import { days, encodeWindow, hours, minutes, type PackedWindow } from '@edgewise/protocol';
import { createGroupCommit } from '../store/group-commit.ts';
import { openDatabase } from '../store/open-database.ts';
import { testWindow } from '../testing/test-agent.test.fixture.ts';
import { createSqliteRetention } from './adapters/sqlite-retention.ts';
import { createSqliteTelemetryRecords } from './adapters/sqlite-telemetry-records.ts';
import { mergeWindows } from './merge-windows.ts';
import { readStoredWindow } from './numbered.ts';
import { thinOut } from './retention.ts';
import { storeBatch } from './store-batch.ts';

const begin = Date.UTC(2026, 0, 1);

async function openStore() {
  const db = await openDatabase(':memory:');
  const commits = createGroupCommit(db, { everyMs: 0 });
  const records = createSqliteTelemetryRecords(db, commits);
  const store = createSqliteRetention(db, commits);
  const clock = { at: begin, now: () => clock.at, sleep: () => Promise.resolve() };
  const add = (windows: readonly PackedWindow[]) =>
    records.write((books) =>
      storeBatch(
        books,
        windows.map((window) => ({
          kind: 'window',
          entry: {
            device: 'cam',
            receivedAtMs: window.startMs,
            window,
            body: encodeWindow(window),
          },
        })),
        { nowMs: clock.at, known: new Map() },
      ),
    );
  return { db, records, store, clock, add };
}

/** One window every 20 minutes. */
const windowsOf = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    testWindow(index + 1, { startMs: begin + index * minutes(20), spanMs: minutes(20) }),
  );

test('windows become hours after a week and days after a quarter, and nothing is counted away', async () => {
  const { db, records, store, clock, add } = await openStore();
  const windows = windowsOf(3 * 24 * 10);
  await add(windows);
  const totals = async () => {
    const rollups = await db.selectFrom('rollups').selectAll().orderBy('startMs').execute();
    const left = await records.windows('cam', { limit: 1000 });
    return {
      hours: rollups.filter(({ span }) => span === 'hour').length,
      days: rollups.filter(({ span }) => span === 'day').length,
      windows: left.length,
      seen: [...rollups.map(({ body }) => readStoredWindow(body)), ...left.map((one) => one.window)]
        .map(({ seen }) => seen)
        .reduce((sum, seen) => sum + seen, 0),
    };
  };
  const seen = 4 * windows.length;
  clock.at = begin + days(10);
  await thinOut(store, clock);
  assert.deepEqual(await totals(), { hours: 72, days: 0, windows: 504, seen });
  clock.at = begin + days(92);
  await thinOut(store, clock);
  assert.deepEqual(await totals(), { hours: 192, days: 2, windows: 0, seen });
  clock.at = begin + days(400);
  await thinOut(store, clock);
  assert.deepEqual(await totals(), { hours: 0, days: 10, windows: 0, seen });
  const { received, missing } = await records.ledger('cam');
  assert.deepEqual([received, missing], [windows.length, 0]);
  await db.destroy();
});

test('an hour is exactly the sum of its windows, also of one that comes late', async () => {
  const { db, store, clock, add } = await openStore();
  const windows = windowsOf(3);
  clock.at = begin + days(8);
  await add(windows.slice(0, 2));
  await thinOut(store, clock);
  await add(windows.slice(2));
  await thinOut(store, clock);
  const [hour, ...others] = await db.selectFrom('rollups').selectAll().execute();
  assert.deepEqual(others, []);
  assert.equal(hour?.windows, 3);
  assert.deepEqual(readStoredWindow(hour?.body ?? new Uint8Array()), mergeWindows(windows));
  await db.destroy();
});

test('a replay of a window that was rolled up is not counted again', async () => {
  const { db, records, store, clock, add } = await openStore();
  clock.at = begin + days(8);
  await add(windowsOf(3));
  await thinOut(store, clock);
  const { fresh } = await add(windowsOf(3));
  assert.deepEqual(fresh, []);
  assert.deepEqual(await records.windows('cam', { limit: 9 }), []);
  await db.destroy();
});

test('windows of different references are never merged', async () => {
  const { db, store, clock, add } = await openStore();
  clock.at = begin + days(8);
  const at = { startMs: begin + hours(1) };
  await add([testWindow(1, at), testWindow(2, { ...at, reference: '22'.repeat(8) })]);
  await thinOut(store, clock);
  const rollups = await db.selectFrom('rollups').select('reference').execute();
  assert.equal(rollups.length, 2);
  await db.destroy();
});
