import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createFileBlobs, removeUnfinished } from './adapters/file-blobs.ts';
import { createMemoryBlobs } from './adapters/memory-blobs.ts';
import { describeBlobs } from './blobs.suite.ts';

describeBlobs('memory', () => Promise.resolve({ blobs: createMemoryBlobs(), end: async () => {} }));
describeBlobs('file system', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-blobs-'));
  return { blobs: await createFileBlobs(folder), end: () => rm(folder, { recursive: true }) };
});

test('a blob that rotted on disk is refused and no half-written file is left', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-blobs-'));
  t.after(() => rm(folder, { recursive: true }));
  const blobs = await createFileBlobs(folder);
  const digest = await blobs.put(Uint8Array.of(1, 2, 3));
  const shard = path.join(folder, digest.slice(0, 2));
  assert.deepEqual(await readdir(shard), [digest]);
  await writeFile(path.join(shard, digest), Uint8Array.of(1, 2, 4));
  await assert.rejects(
    blobs.get(digest),
    (thrown) => thrown instanceof FleetError && thrown.code === 'digest-mismatch',
  );
});

test('what a killed writer left half-written is removed, whole blobs stay', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-blobs-'));
  t.after(() => rm(folder, { recursive: true }));
  const blobs = await createFileBlobs(folder);
  const digest = await blobs.put(Uint8Array.of(1, 2, 3));
  const shard = path.join(folder, digest.slice(0, 2));
  await writeFile(path.join(shard, `${digest}.4f3c.part`), Uint8Array.of(1));
  await removeUnfinished(folder);
  assert.deepEqual(await readdir(shard), [digest]);
});
