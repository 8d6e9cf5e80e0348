import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { sql } from 'kysely';
import { createGroupCommit } from './group-commit.ts';
import { openDatabase } from './open-database.ts';

const token = (hash: string) => ({ hash, createdAtMs: 1, expiresAtMs: 2 });

test('a database on disk commits with a full fsync and keeps what it was told', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-store-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'hub.db');
  const first = await openDatabase(file);
  const { rows } = await sql<{ synchronous: number }>`pragma synchronous`.execute(first);
  assert.equal(rows[0]?.synchronous, 2);
  await first.insertInto('enrolmentTokens').values(token('a')).execute();
  await first.destroy();
  const second = await openDatabase(file);
  const found = await second.selectFrom('enrolmentTokens').selectAll().execute();
  await second.destroy();
  assert.deepEqual(
    found.map(({ hash }) => hash),
    ['a'],
  );
});

test('a file that is no database is a clear error', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-store-'));
  t.after(() => rm(folder, { recursive: true }));
  await assert.rejects(openDatabase(folder), FleetError);
});

test('writes that come together share one transaction and all resolve after it', async () => {
  const db = await openDatabase(':memory:');
  const group = createGroupCommit(db, { everyMs: 1 });
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      group.write(async (tx) => {
        order.push(index);
        await tx
          .insertInto('enrolmentTokens')
          .values(token(`t${index}`))
          .execute();
      }),
    ),
  );
  assert.deepEqual(order, [...order.keys()]);
  const { count } = await db
    .selectFrom('enrolmentTokens')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  assert.equal(count, 100);
  await group[Symbol.asyncDispose]();
  await db.destroy();
});

test('a write that fails harms none of its neighbours', async () => {
  const db = await openDatabase(':memory:');
  const group = createGroupCommit(db, { everyMs: 1 });
  const insert = (hash: string) =>
    group.write((tx) => tx.insertInto('enrolmentTokens').values(token(hash)).execute());
  const results = await Promise.allSettled([insert('a'), insert('a'), insert('b')]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal((results[1] as PromiseRejectedResult).reason.code, 'conflict');
  await group[Symbol.asyncDispose]();
  await assert.rejects(insert('c'), (thrown) => (thrown as FleetError).code === 'unavailable');
  await db.destroy();
});

test('a store without room says disk-full, keeps what it has, and goes on when there is room', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-store-'));
  t.after(() => rm(folder, { recursive: true }));
  const db = await openDatabase(path.join(folder, 'hub.db'));
  const group = createGroupCommit(db, { everyMs: 1 });
  const insert = (hash: string) =>
    group.write((tx) => tx.insertInto('enrolmentTokens').values(token(hash)).execute());
  await insert('first');
  await sql`pragma max_page_count = 1`.execute(db);
  const large = 'x'.repeat(100_000);
  await assert.rejects(insert(large), (thrown) => (thrown as FleetError).code === 'disk-full');
  const alone = db.insertInto('enrolmentTokens').values(token(large)).execute();
  await assert.rejects(alone, (thrown) => FleetError.from(thrown).code === 'disk-full');
  await sql`pragma max_page_count = 100000`.execute(db);
  await insert(large);
  const kept = await db.selectFrom('enrolmentTokens').select('hash').execute();
  assert.deepEqual(kept.map(({ hash }) => hash.slice(0, 5)).sort(), ['first', 'xxxxx']);
  await group[Symbol.asyncDispose]();
  await db.destroy();
});
