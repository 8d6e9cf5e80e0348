import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { FleetError } from '@edgewise/protocol';
import { type Disk, folderOf } from '../slots/disk.ts';

/** The disk of a folder; it is made when it does not exist. */
export function createFileDisk(root: string): Disk {
  const at = (name: string) => path.join(root, ...name.split('/'));

  return {
    read: (name, range) =>
      missingAsUndefined(async () => {
        if (range === undefined) return bytesOf(await readFile(at(name)));
        await using file = await open(at(name), 'r');
        const buffer = new Uint8Array(range.sizeBytes);
        const { bytesRead } = await file.read(buffer, 0, range.sizeBytes, range.fromByte);
        return buffer.subarray(0, bytesRead);
      }),

    write: (name, bytes, options) =>
      translated(async () => {
        await mkdir(path.dirname(at(name)), { recursive: true });
        await using file = await (options === undefined
          ? open(at(name), 'w')
          : openAsItIs(at(name)));
        let done = 0;
        while (done < bytes.length) {
          const position = (options?.fromByte ?? 0) + done;
          const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position);
          done += bytesWritten;
        }
      }),

    syncFile: (name) => translated(() => sync(at(name), 'r+')),

    rename: (from, to) =>
      translated(async () => {
        await mkdir(path.dirname(at(to)), { recursive: true });
        await rename(at(from), at(to));
      }),

    syncFolder: (name) =>
      translated(async () => {
        let folder = name;
        for (;;) {
          await sync(at(folder), 'r');
          if (folder === '') return;
          folder = folderOf(folder);
        }
      }),

    remove: (name) => translated(() => rm(at(name), { recursive: true, force: true })),

    list: async (name) => (await missingAsUndefined(() => readdir(at(name))))?.sort() ?? [],
  };
}

/** Opens a file that keeps what it holds; a new one is empty. */
async function openAsItIs(name: string) {
  try {
    return await open(name, 'r+');
  } catch (thrown) {
    if (FleetError.from(thrown).code !== 'not-found') throw thrown;
    return await open(name, 'w');
  }
}

async function sync(name: string, flags: string): Promise<void> {
  await using file = await open(name, flags);
  await file.sync();
}

function bytesOf(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw FleetError.from(thrown);
  }
}

async function missingAsUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    const error = FleetError.from(thrown);
    if (error.code === 'not-found') return undefined;
    throw error;
  }
}
