import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeDisk } from '../testing/describe-disk.ts';
import { writeDurably } from './disk.ts';
import { createMemoryDisk } from './memory-disk.ts';

describeDisk('memory', () => Promise.resolve(createMemoryDisk()));

const bytes = (...values: number[]) => Uint8Array.from(values);

test('a file whose folder was not synced is gone after a crash', async () => {
  const disk = createMemoryDisk();
  await disk.write('f/file', bytes(1));
  await disk.syncFile('f/file');
  assert.equal(await disk.crashed().read('f/file'), undefined);
  await disk.syncFolder('f');
  assert.deepEqual(await disk.crashed().read('f/file'), bytes(1));
});

test('a file that was not synced is empty after a crash although its name is there', async () => {
  const disk = createMemoryDisk();
  await disk.write('file', bytes(1));
  await disk.syncFolder('');
  assert.deepEqual(await disk.crashed().read('file'), bytes());
});

test('a rename and a removal are undone by a crash unless the folder was synced', async () => {
  const disk = createMemoryDisk();
  await writeDurably(disk, 'old', bytes(1));
  await disk.write('new', bytes(2));
  await disk.syncFile('new');
  await disk.rename('new', 'old');
  assert.deepEqual(await disk.crashed().read('old'), bytes(1));
  await disk.syncFolder('');
  assert.deepEqual(await disk.crashed().read('old'), bytes(2));
  await disk.remove('old');
  assert.deepEqual(await disk.crashed().read('old'), bytes(2));
});

test('by chance a crash keeps what was not synced', async () => {
  const disk = createMemoryDisk({ random: () => 0 });
  await disk.write('file', bytes(1));
  assert.deepEqual(await disk.crashed().read('file'), bytes(1));
});

test('a full disk refuses a write and keeps what was there', async () => {
  const disk = createMemoryDisk({ capacityBytes: 4 });
  await disk.write('file', bytes(1, 2, 3));
  await assert.rejects(disk.write('other', bytes(1, 2)), /\[disk-full\]/);
  await assert.rejects(disk.write('file', bytes(1, 2, 3, 4, 5)), /\[disk-full\]/);
  assert.deepEqual(await disk.read('file'), bytes(1, 2, 3));
  assert.deepEqual(await disk.list(''), ['file']);
});
