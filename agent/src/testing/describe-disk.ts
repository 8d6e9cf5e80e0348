import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Disk } from '../slots/disk.ts';
import { writeDurably } from '../slots/disk.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

/** The promises of every `Disk`; `create` gives an empty one. */
export function describeDisk(name: string, create: () => Promise<Disk>): void {
  describe(`disk: ${name}`, () => {
    test('a file is read back as it was written, whole or in part', async () => {
      const disk = await create();
      await disk.write('a/b/file', bytes(1, 2, 3, 4));
      assert.deepEqual(await disk.read('a/b/file'), bytes(1, 2, 3, 4));
      assert.deepEqual(await disk.read('a/b/file', { fromByte: 1, sizeBytes: 2 }), bytes(2, 3));
      assert.deepEqual(await disk.read('a/b/file', { fromByte: 3, sizeBytes: 9 }), bytes(4));
    });

    test('what does not exist is undefined, empty, and harmless to remove', async () => {
      const disk = await create();
      assert.equal(await disk.read('none'), undefined);
      assert.deepEqual(await disk.list('none'), []);
      await disk.remove('none');
    });

    test('writing replaces a file, writing from an offset keeps the rest', async () => {
      const disk = await create();
      await disk.write('file', bytes(1, 2, 3, 4));
      await disk.write('file', bytes(9), { fromByte: 1 });
      assert.deepEqual(await disk.read('file'), bytes(1, 9, 3, 4));
      await disk.write('file', bytes(7));
      assert.deepEqual(await disk.read('file'), bytes(7));
    });

    test('writing beyond the end fills the hole with zeros', async () => {
      const disk = await create();
      await disk.write('file', bytes(5), { fromByte: 2 });
      assert.deepEqual(await disk.read('file'), bytes(0, 0, 5));
    });

    test('a rename replaces its goal', async () => {
      const disk = await create();
      await disk.write('old', bytes(1));
      await disk.write('new', bytes(2));
      await disk.syncFile('new');
      await disk.rename('new', 'old');
      await disk.syncFolder('');
      assert.deepEqual(await disk.read('old'), bytes(2));
      assert.equal(await disk.read('new'), undefined);
    });

    test('a folder is listed in order and removed with everything in it', async () => {
      const disk = await create();
      await disk.write('f/b', bytes(1));
      await disk.write('f/a', bytes(1));
      await disk.write('f/c/d', bytes(1));
      assert.deepEqual(await disk.list('f'), ['a', 'b', 'c']);
      await disk.remove('f');
      assert.deepEqual(await disk.list(''), []);
    });

    test('a durable write leaves nothing beside the file', async () => {
      const disk = await create();
      await writeDurably(disk, 'f/state', bytes(1));
      await writeDurably(disk, 'f/state', bytes(2));
      assert.deepEqual(await disk.list('f'), ['state']);
      assert.deepEqual(await disk.read('f/state'), bytes(2));
    });

    test('syncing or renaming what does not exist is not-found', async () => {
      const disk = await create();
      const isNotFound = (thrown: unknown) => String(thrown).includes('[not-found]');
      await assert.rejects(disk.syncFile('none'), isNotFound);
      await assert.rejects(disk.rename('none', 'other'), isNotFound);
    });
  });
}
