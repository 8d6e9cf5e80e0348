import { readManifest } from '@edgewise/models/bundle';
import { FleetError } from '@edgewise/protocol';
import type { ModelVersion } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import { newId } from '../new-id.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Registry } from './registry.ts';
import type { VersionRecord } from './registry-records.ts';

/** A bundle that somebody built elsewhere; its files are blobs already. */
export interface BundleImport {
  readonly manifest: string;
  readonly signature: string;
  readonly reason: string;
  readonly caller: string;
}

/**
 * Registers a bundle without evaluation: a person takes the responsibility, and it is written down.
 * Devices check it like any other. Rejects with `not-found` for a missing file, `malformed` for an
 * unreadable manifest and `conflict` for a version that is taken.
 */
export async function importBundle(
  model: string,
  bundle: BundleImport,
  options: { readonly registry: Registry; readonly blobs: BlobStore; readonly clock: Clock },
): Promise<ModelVersion> {
  const { registry, blobs, clock } = options;
  await registry.model(model);
  const bytes = await blobs.get(bundle.manifest);
  const manifest = readManifest(bytes);
  if (manifest.model !== model) {
    throw misuse(`The manifest is of model "${manifest.model}", not of "${model}".`);
  }
  const signatureSizeBytes = await sizeOf(blobs, bundle.signature, 'the signature');
  for (const { name, sha256 } of manifest.blobs) await sizeOf(blobs, sha256, name);
  const known = (await registry.versions(model)).find(
    ({ version }) => version === manifest.version,
  );
  const variant = {
    deviceClass: manifest.deviceClass,
    bundle: {
      ...{ model, version: manifest.version, deviceClass: manifest.deviceClass },
      ...{ manifest: bundle.manifest, manifestSizeBytes: bytes.length },
      ...{ signature: bundle.signature, signatureSizeBytes },
    },
    ...{ scheme: null, reason: null, accuracy: null },
    graphBytes: manifest.blobs.find(({ name }) => name === 'graph.onnx')?.sizeBytes ?? 0,
    bundleBytes: manifest.sizeBytes,
  };
  if (known !== undefined) assertExtendable(known, manifest.deviceClass);
  const base = known === undefined ? imported(manifest, bundle, clock.now()) : strip(known);
  const record = { ...base, variants: [...base.variants, variant] };
  return registry.addVersion(record, {
    id: newId('audit'),
    atMs: clock.now(),
    caller: bundle.caller,
    action: 'importBundle',
    detail: {
      ...{ model, version: manifest.version, deviceClass: manifest.deviceClass },
      ...{ manifest: bundle.manifest, reason: bundle.reason },
    },
  });
}

const importRun = 'import';

function imported(
  manifest: ReturnType<typeof readManifest>,
  bundle: BundleImport,
  nowMs: number,
): VersionRecord {
  return {
    model: manifest.model,
    version: manifest.version,
    createdAtMs: nowMs,
    run: importRun,
    snapshot: manifest.lineage.snapshot,
    recipe: manifest.lineage.recipe,
    parent: null,
    fp32: { accuracy: null, graphBytes: null, digest: manifest.lineage.model },
    variants: [],
    gate: {
      verdict: 'hold',
      checks: [
        {
          name: 'evaluation',
          ok: false,
          sentence: `Imported by ${bundle.caller} without evaluation: ${bundle.reason}`,
        },
      ],
    },
  };
}

function assertExtendable({ run, version, variants }: ModelVersion, deviceClass: string): void {
  if (run !== importRun) {
    throw new FleetError(
      'conflict',
      `Version ${version} was made by run ${run}; take a new number.`,
    );
  }
  if (variants.some((variant) => variant.deviceClass === deviceClass)) {
    throw new FleetError(
      'conflict',
      `Version ${version} has a variant for ${deviceClass} already.`,
    );
  }
}

function strip({ servedBy: _, ...version }: ModelVersion): VersionRecord {
  return version;
}

async function sizeOf(blobs: BlobStore, digest: string, name: string): Promise<number> {
  const size = await blobs.size(digest);
  if (size !== undefined) return size;
  throw new FleetError('not-found', `Upload ${name} (${digest}) as a blob first.`);
}

function misuse(reason: string): FleetError {
  return new FleetError('invalid-argument', reason);
}
