import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DeviceEvent, encodeWindow, type PackedWindow } from '@edgewise/protocol';
import type { Database } from '../../store/database.ts';
import { createGroupCommit, type GroupCommit } from '../../store/group-commit.ts';
import { openDatabase } from '../../store/open-database.ts';
import { latencyOf } from '../latency.ts';
import { readPlace } from '../read-place.ts';
import type { Incoming, TelemetryStore } from '../telemetry-store.ts';
import { createSqliteTelemetry } from './sqlite-telemetry.ts';

let db: Database;
let group: GroupCommit;
let store: TelemetryStore;

before(async () => {
  db = await openDatabase(':memory:');
  group = createGroupCommit(db, { everyMs: 1 });
  store = createSqliteTelemetry(db, group);
});
after(async () => {
  await group[Symbol.asyncDispose]();
  await db.destroy();
});

const aWindow = (sequence: number, epoch = 1): PackedWindow => ({
  epoch,
  sequence,
  bins: '00'.repeat(8),
  reference: '11'.repeat(8),
  startMs: 1000 * sequence,
  spanMs: 900,
  seen: 5,
  n: 5,
  features: [],
  classes: 0,
  predictions: new Map(),
  latency: new Map([
    [32, 90],
    [48, 10],
  ]),
});
const incoming = (device: string, window: PackedWindow): Incoming => ({
  class: 'window',
  device,
  epoch: window.epoch,
  sequence: window.sequence,
  receivedAtMs: 5,
  startMs: window.startMs,
  body: encodeWindow(window),
});
const anEvent = (sequence: number, body: DeviceEvent['body']): DeviceEvent => ({
  v: 1,
  epoch: 1,
  sequence,
  atMs: 9,
  body,
});

test('a message that comes again changes nothing', async () => {
  assert.equal(await store.put(incoming('twice', aWindow(1))), true);
  assert.equal(await store.put(incoming('twice', aWindow(1))), false);
  assert.equal((await store.ledger('twice')).received, 1);
});

test('windows come back newest first, and after a place oldest first', async () => {
  for (const sequence of [3, 1, 2]) await store.put(incoming('order', aWindow(sequence)));
  const newest = await store.windows('order', { limit: 2 });
  assert.deepEqual(
    newest.map(({ window }) => window.sequence),
    [3, 2],
  );
  const rest = await store.windowsAfter('order', { epoch: 1, sequence: 1 }, 10);
  assert.deepEqual(
    rest.map(({ window }) => window.sequence),
    [2, 3],
  );
});

test('a gap is named by the watermark and counted as missing until the device says it was dropped', async () => {
  for (const sequence of [1, 4]) await store.put(incoming('gap', aWindow(sequence)));
  assert.deepEqual((await store.watermarks('gap')).get('window'), {
    epoch: 1,
    sequence: 4,
    gaps: [[2, 3]],
  });
  assert.equal((await store.ledger('gap')).missing, 2);
  const event = anEvent(1, { kind: 'dropped', class: 'window', first: 2, last: 3 });
  await store.put({ class: 'event', device: 'gap', epoch: 1, sequence: 1, receivedAtMs: 6, event });
  assert.deepEqual((await store.watermarks('gap')).get('window'), {
    epoch: 1,
    sequence: 4,
    gaps: [],
  });
  const { missing, dropped } = await store.ledger('gap');
  assert.deepEqual({ missing, dropped }, { missing: 0, dropped: 2 });
});

test('an unreadable message is kept raw and covered where its place is plausible', async () => {
  await store.put(incoming('odd', aWindow(1)));
  const newer = encodeWindow(aWindow(2));
  newer[0] = 99;
  const unreadable = {
    device: 'odd',
    class: 'window',
    receivedAtMs: 7,
    code: 'newer-version',
    reason: 'layout 99',
    body: newer,
  } as const;
  await store.quarantine({ ...unreadable, place: readPlace('window', newer) });
  await store.quarantine({
    ...unreadable,
    body: new Uint8Array([1, 255]),
    place: readPlace('window', new Uint8Array([1, 255])),
  });
  await store.quarantine({
    ...unreadable,
    body: new Uint8Array([7]),
    place: { epoch: 9_999_999, sequence: 5 },
  });
  assert.deepEqual((await store.watermarks('odd')).get('window'), {
    epoch: 1,
    sequence: 2,
    gaps: [],
  });
  assert.equal((await store.ledger('odd')).quarantined, 3);
});

test('latencies are read from quarter-octave buckets', () => {
  const latency = latencyOf(aWindow(1));
  assert.ok(latency && latency.p50 > 256 && latency.p50 < 305);
  assert.ok(latency.p95 > 4096 && latency.p95 < 4871);
  assert.equal(latencyOf({ latency: new Map() }), null);
});
