import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { generateKey } from '@edgewise/models/crypto';
import type { Committed } from '@edgewise/protocol';
import { createGroupCommit } from '../store/group-commit.ts';
import { openDatabase } from '../store/open-database.ts';
import { connectAgent, type TestAgent, testWindow } from '../testing/test-agent.test.fixture.ts';
import { eventually } from '../testing/test-hub.test.fixture.ts';
import { createSqliteTelemetryRecords } from './adapters/sqlite-telemetry-records.ts';

const child = path.join(import.meta.dirname, 'ingest-child.test.fixture.ts');
const clock = { aheadMs: 1000, now: () => Date.now() + 1000, sleep: () => Promise.resolve() };

test('kill -9 of the hub during ingest loses nothing under a watermark', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-kill-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'hub.db');
  const key = generateKey();
  const device = { device: 'cam', ...key };
  let next = 1;
  let covered = 0;
  for (let round = 1; round <= 3; round++) {
    const hub = fork(child, [file, key.privateKeyPem, 'cam', key.publicKeyPem]);
    const agent = await connectTo(hub, device, round);
    // What no watermark covered is sent again, as an outbox does.
    next = covered + 1;
    const sending = keepSending(agent, () => next++);
    const before = covered;
    await eventually(() => highest(agent) > before + 20);
    hub.kill('SIGKILL');
    await once(hub, 'exit');
    await sending;
    covered = highest(agent);
    await agent[Symbol.asyncDispose]();
    assert.equal(await firstMissing(file, covered), undefined);
  }
  assert.ok(covered > 60);
});

async function connectTo(
  hub: ChildProcess,
  device: Parameters<typeof connectAgent>[1],
  session: number,
): Promise<TestAgent> {
  const [port] = (await once(hub, 'message')) as [number];
  return connectAgent({ clock, broker: { port } }, device, { session });
}

async function keepSending(agent: TestAgent, next: () => number): Promise<void> {
  const ended = new Promise<void>((resolve) => agent.client.once('close', resolve));
  const sendAll = async () => {
    while (agent.client.connected) await agent.say('window', testWindow(next()));
  };
  // The last message may never be acknowledged.
  await Promise.race([ended, sendAll().catch(() => undefined)]);
}

function highest(agent: TestAgent): number {
  return agent.heard('committed').reduce((most: number, { window }: Committed) => {
    assert.deepEqual(window?.gaps ?? [], []);
    return Math.max(most, window?.sequence ?? 0);
  }, 0);
}

async function firstMissing(file: string, upTo: number): Promise<number | undefined> {
  const db = await openDatabase(file);
  const records = createSqliteTelemetryRecords(db, createGroupCommit(db));
  const stored = await records.windowsAfter('cam', { epoch: 7, sequence: 0 }, 100_000);
  await db.destroy();
  const sequences = new Set(stored.map(({ window }) => window.sequence));
  for (let sequence = 1; sequence <= upTo; sequence++) {
    if (!sequences.has(sequence)) return sequence;
  }
  return undefined;
}
