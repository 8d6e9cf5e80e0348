import { readManifest } from '@edgewise/models/bundle';
import type { ModelVersion } from '@edgewise/protocol/http';
import type { WindowModels } from '../fleet/drift-view.ts';
import type { Registry } from '../registry/registry.ts';
import type { BlobStore } from '../store/blobs.ts';

/** Digits of a digest that a window carries: 8 bytes. */
const carriedDigits = 16;

type Named = { readonly model: string; readonly version: number };

/** Finds the version of a window by the digest of its reference counts, which its manifest names. */
export function createWindowModels(registry: Registry, blobs: BlobStore): WindowModels {
  const named = new Map<string, Named>();
  let loading: Promise<void> | undefined;

  async function add({ model, version, variants }: ModelVersion): Promise<void> {
    for (const { bundle } of variants) {
      const { profile } = readManifest(await blobs.get(bundle.manifest));
      if (profile) named.set(profile.reference.slice(0, carriedDigits), { model, version });
    }
  }

  async function load(): Promise<void> {
    for (const { id } of await registry.models()) {
      for (const version of await registry.versions(id)) await add(version);
    }
  }

  registry.versionAdded.on(() => {
    loading = undefined;
  });
  return {
    async byReference(reference) {
      const known = named.get(reference);
      if (known) return known;
      loading ??= load();
      await loading;
      return named.get(reference);
    },
  };
}
