import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitBlocks } from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import { limits, type MissingParts } from '@edgewise/protocol';
import { createMemoryDisk, type MemoryDisk } from '../slots/memory-disk.ts';
import { eventually } from '../testing/eventually.ts';
import { createManualClock } from '../testing/manual-clock.ts';
import { createMemoryBroker, type MemoryLink } from '../testing/memory-broker.ts';
import type { WantedFile } from './blocks.ts';
import { download } from './download.ts';

const me = { fleet: 'home', device: 'pi' };
const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7 + (index >> 9)) % 256);
const blocks = splitBlocks(bytes);
const wanted: WantedFile = {
  digest: sha256(bytes),
  sizeBytes: bytes.length,
  blocks: blocks.map(sha256),
};

/** A device and a hub that only does what the test says. */
async function aDevice(disk: MemoryDisk = createMemoryDisk()) {
  const broker = createMemoryBroker();
  const link = broker.link();
  const hub = broker.link();
  const clock = createManualClock();
  const needs: MissingParts[] = [];
  await hub.subscribe('need', me, (need) => needs.push(need));
  const stop = new AbortController();
  const progress: string[] = [];
  const start = (file: WantedFile = wanted) =>
    download(
      { ...me, link, disk, sha256, clock },
      { path: 'bundles/x/file', wanted: file },
      { signal: stop.signal, onProgress: (done, total) => progress.push(`${done}/${total}`) },
    );
  return { link, hub, clock, needs, stop, start, disk, progress };
}

const offer = (hub: MemoryLink, lane: string, digest = wanted.digest) =>
  hub.publish('offer', me, { v: 1, blob: digest, lane, sizeBytes: bytes.length, blocks: 4 });

const send = (
  hub: MemoryLink,
  index: number,
  changes: { lane?: string; bytes?: Uint8Array } = {},
) =>
  hub.publish(
    'blob',
    { fleet: 'home', digest: wanted.digest, lane: changes.lane ?? 'l1', block: `${index}` },
    changes.bytes ?? blocks[index] ?? new Uint8Array(),
  );

test('a file arrives: need, offer, need again on the lane, blocks, durable under its name', async () => {
  const { hub, needs, start, disk, progress } = await aDevice();
  const arrived = start();
  await eventually(() => needs.length === 1);
  assert.deepEqual(needs[0], { digest: wanted.digest, parts: 4, missing: [0, 1, 2, 3] });
  await offer(hub, 'l1');
  await eventually(() => needs.length === 2);
  for (const index of [2, 0, 3, 1]) await send(hub, index);
  await arrived;
  assert.deepEqual(await disk.crashed().read('bundles/x/file'), bytes);
  assert.deepEqual(await disk.list('bundles/x'), ['file']);
  assert.deepEqual(progress, ['1/4', '2/4', '3/4', '4/4']);
});

test('lost blocks are asked for again after five seconds of silence', async () => {
  const { hub, needs, start, clock } = await aDevice();
  const arrived = start();
  await eventually(() => needs.length === 1);
  await offer(hub, 'l1');
  await eventually(() => needs.length === 2);
  await send(hub, 0);
  await send(hub, 2);
  await clock.advance(limits.needMs - 1);
  assert.equal(needs.length, 2);
  await clock.advance(limits.needMs);
  await eventually(() => needs.length === 3);
  assert.deepEqual(needs[2]?.missing, [1, 3]);
  await send(hub, 1);
  await send(hub, 3);
  await arrived;
});

test('a block with the wrong digest is not written, and its place stays missing', async () => {
  const { hub, needs, start, clock, progress } = await aDevice();
  const arrived = start();
  await eventually(() => needs.length === 1);
  await offer(hub, 'l1');
  await eventually(() => needs.length === 2);
  await send(hub, 3, { bytes: Uint8Array.of(1, 2, 3) });
  await send(hub, 9);
  for (const index of [0, 1, 2]) await send(hub, index);
  await eventually(() => progress.length === 3);
  await clock.advance(limits.needMs);
  await eventually(() => needs.length === 3);
  assert.deepEqual(needs[2]?.missing, [3]);
  await send(hub, 3);
  await arrived;
});

test('when wrong blocks keep coming the download fails with digest-mismatch', async () => {
  const { hub, needs, start } = await aDevice();
  const arrived = start();
  arrived.catch(() => undefined);
  await eventually(() => needs.length === 1);
  await offer(hub, 'l1');
  await eventually(() => needs.length === 2);
  for (let count = 0; count < 12; count++) await send(hub, 0, { bytes: Uint8Array.of(count) });
  await assert.rejects(arrived, /\[digest-mismatch\]/);
});

test('a small file is checked whole', async () => {
  const { hub, needs, start, disk } = await aDevice();
  const file = { digest: 'f'.repeat(64), sizeBytes: 3 };
  const arrived = start(file);
  arrived.catch(() => undefined);
  await eventually(() => needs.length === 1);
  await offer(hub, 'l1', file.digest);
  await eventually(() => needs.length === 2);
  const where = { fleet: 'home', digest: file.digest, lane: 'l1', block: '0' };
  await hub.publish('blob', where, Uint8Array.of(1, 2, 3));
  await assert.rejects(arrived, /\[digest-mismatch\]/);
  assert.deepEqual(await disk.list('bundles/x'), []);
});

test('after a restart only what is missing is asked for, whatever the crash left', async () => {
  const disk = createMemoryDisk({ random: () => 0 });
  const before = await aDevice(disk);
  const broken = before.start();
  await eventually(() => before.needs.length === 1);
  await offer(before.hub, 'l1');
  await eventually(() => before.needs.length === 2);
  await send(before.hub, 1);
  await send(before.hub, 2);
  await eventually(() => before.progress.length === 2);
  before.stop.abort();
  await assert.rejects(broken, /\[canceled\]/);
  const kept = disk.crashed();
  await kept.write('bundles/x/file.part', Uint8Array.of(1), {
    fromByte: 2 * limits.blockSizeBytes,
  });
  const after = await aDevice(kept);
  const arrived = after.start();
  await eventually(() => after.needs.length === 1);
  assert.deepEqual(after.needs[0]?.missing, [0, 2, 3]);
  await offer(after.hub, 'l1');
  await eventually(() => after.needs.length === 2);
  for (const index of [0, 2, 3]) await send(after.hub, index);
  await arrived;
});

test('a lane that was offered to an earlier process is found by its blocks', async () => {
  const { hub, needs, start, clock } = await aDevice();
  const arrived = start();
  await eventually(() => needs.length === 1);
  await clock.advance(limits.needMs);
  await eventually(() => needs.length === 2);
  for (const index of [0, 1, 2, 3]) await send(hub, index, { lane: 'l9' });
  await arrived;
});

test('a new connection asks at once', async () => {
  const { link, hub, needs, start, stop } = await aDevice();
  const arrived = start();
  arrived.catch(() => undefined);
  await eventually(() => needs.length === 1);
  await offer(hub, 'l1');
  await eventually(() => needs.length === 2);
  link.disconnect();
  link.connect();
  await eventually(() => needs.length === 3);
  stop.abort();
  await assert.rejects(arrived, /\[canceled\]/);
});

test('a full disk ends the download with disk-full', async () => {
  const { hub, needs, start } = await aDevice(createMemoryDisk({ capacityBytes: 40_000 }));
  const arrived = start();
  arrived.catch(() => undefined);
  await eventually(() => needs.length === 1);
  await offer(hub, 'l1');
  await eventually(() => needs.length === 2);
  for (const index of [0, 1, 2, 3]) await send(hub, index);
  await assert.rejects(arrived, /\[disk-full\]/);
});
