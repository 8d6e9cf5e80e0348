import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '@edgewise/models/crypto';
import { FleetError } from '@edgewise/protocol';
import type { BlobStore } from '../blobs.ts';

/** Blobs as files `ab/abcd...` below a folder, written whole or not at all. */
export async function createFileBlobs(folder: string): Promise<BlobStore> {
  await mkdir(folder, { recursive: true });
  const fileOf = (digest: string) => path.join(folder, digest.slice(0, 2), digest);
  const size = (digest: string) =>
    stat(fileOf(digest)).then(
      (found) => found.size,
      (thrown: NodeJS.ErrnoException) => {
        if (thrown.code === 'ENOENT') return undefined;
        throw FleetError.from(thrown);
      },
    );
  return {
    size,
    has: async (digest) => (await size(digest)) !== undefined,
    async put(bytes) {
      const digest = sha256(bytes);
      if ((await size(digest)) === undefined) await writeDurably(fileOf(digest), bytes, folder);
      return digest;
    },
    async remove(digest) {
      await rm(fileOf(digest), { force: true }).catch((thrown) => {
        throw FleetError.from(thrown);
      });
    },
    async get(digest) {
      const bytes = await readFile(fileOf(digest)).catch((thrown: NodeJS.ErrnoException) => {
        if (thrown.code !== 'ENOENT') throw FleetError.from(thrown);
        throw new FleetError('not-found', `There is no blob ${digest}.`, { cause: thrown });
      });
      if (sha256(bytes) !== digest) {
        throw new FleetError('digest-mismatch', `The blob ${digest} is damaged on disk.`);
      }
      return bytes;
    },
  };
}

/** Removes what writers that were killed have left half-written; for a folder that nobody writes to yet. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (name.endsWith(unfinished)) await rm(path.join(folder, name), { force: true });
  }
}

/** How files are called that are not whole yet. */
const unfinished = '.part';

async function writeDurably(file: string, bytes: Uint8Array, root: string): Promise<void> {
  const folder = path.dirname(file);
  const temporary = `${file}.${randomUUID()}${unfinished}`;
  try {
    if ((await mkdir(folder, { recursive: true })) !== undefined) await syncFolder(root);
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw FleetError.from(thrown);
  }
}

/** A rename is durable only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
