import { readManifest } from '@edgewise/models/bundle';
import type { BlobAccess } from '../broker/ports.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Devices } from './devices.ts';

/** Manifests that are remembered; each names a few digests. */
const remembered = 256;

/** Lets a device read what its target names: manifest and signature, and what the manifest names. */
export function createBlobAccess(devices: Devices, blobs: BlobStore): BlobAccess {
  const named = new Map<string, Promise<ReadonlySet<string>>>();

  function namesOf(manifest: string): Promise<ReadonlySet<string>> {
    const known = named.get(manifest);
    if (known !== undefined) return known;
    const names = blobs
      .get(manifest)
      .then((bytes) => new Set(readManifest(bytes).blobs.map(({ sha256 }) => sha256)));
    names.catch(() => named.delete(manifest));
    named.set(manifest, names);
    const [oldest] = named.keys();
    if (named.size > remembered && oldest !== undefined) named.delete(oldest);
    return names;
  }

  return {
    async mayRead(device, digest) {
      const active = (await devices.findTarget(device))?.active;
      if (!active) return false;
      if (digest === active.manifest || digest === active.signature) return true;
      if (!(await blobs.has(active.manifest))) return false;
      return (await namesOf(active.manifest)).has(digest);
    },
  };
}
