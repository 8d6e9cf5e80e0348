import { sha256 } from '@edgewise/models/crypto';
import { FleetError } from '@edgewise/protocol';
import type { BlobStore } from '../blobs.ts';

/** Blobs that live as long as the process, for tests and simulations. */
export function createMemoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    put(bytes) {
      const digest = sha256(bytes);
      if (!blobs.has(digest)) blobs.set(digest, bytes.slice());
      return Promise.resolve(digest);
    },
    get(digest) {
      const bytes = blobs.get(digest);
      if (bytes) return Promise.resolve(bytes.slice());
      return Promise.reject(new FleetError('not-found', `There is no blob ${digest}.`));
    },
    has: (digest) => Promise.resolve(blobs.has(digest)),
    remove(digest) {
      blobs.delete(digest);
      return Promise.resolve();
    },
    size: (digest) => Promise.resolve(blobs.get(digest)?.length),
  };
}
