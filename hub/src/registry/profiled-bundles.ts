import { readManifest } from '@edgewise/models/bundle';
import type { ModelVersion } from '@edgewise/protocol/http';
import type { BlobStore } from '../store/blobs.ts';
import type { Registry } from './registry.ts';

/** A registered bundle whose windows can be compared with a profile. */
export interface ProfiledBundle {
  readonly model: string;
  readonly version: number;
  /** Digest of its `profile.json`. */
  readonly profile: string;
}

/** Finds bundles by what the windows of their devices carry. */
export interface ProfiledBundles {
  /**
   * By the first 16 digits of the digest of the reference counts. Of several bundles with the same
   * counts the first registered; `undefined` when the registry knows none.
   */
  byReference(reference: string): Promise<ProfiledBundle | undefined>;
}

/** Digits of a digest that a window carries: 8 bytes. */
const carriedDigits = 16;

/** Reads each manifest once; a reference that is unknown is searched again after the next registration. */
export function createProfiledBundles({
  registry,
  blobs,
}: {
  readonly registry: Registry;
  readonly blobs: BlobStore;
}): ProfiledBundles {
  const known = new Map<string, ProfiledBundle>();
  const read = new Set<string>();
  let reading: Promise<void> | undefined;
  registry.versionAdded.on(() => {
    reading = undefined;
  });

  async function readAll(): Promise<void> {
    for (const { id } of await registry.models()) {
      for (const version of (await registry.versions(id)).toReversed()) await add(version);
    }
  }

  async function add({ model, version, variants }: ModelVersion): Promise<void> {
    for (const { bundle } of variants) {
      if (read.has(bundle.manifest)) continue;
      const { blobs: files, profile } = readManifest(await blobs.get(bundle.manifest));
      read.add(bundle.manifest);
      const file = files.find(({ name }) => name === 'profile.json');
      const reference = profile?.reference.slice(0, carriedDigits);
      if (file === undefined || reference === undefined || known.has(reference)) continue;
      known.set(reference, { model, version, profile: file.sha256 });
    }
  }

  /** A reading that failed is tried again by the next who asks. */
  function readOnce(): Promise<void> {
    reading ??= readAll().catch((thrown: unknown) => {
      reading = undefined;
      throw thrown;
    });
    return reading;
  }

  return {
    async byReference(reference) {
      if (!known.has(reference)) await readOnce();
      return known.get(reference);
    },
  };
}
