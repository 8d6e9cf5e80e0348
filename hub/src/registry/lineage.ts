/**
 * Answers "why is this device running this model?" by a chain of digests. Every link that has bytes
 * at the hub is read back and hashed; one altered byte anywhere shows at its link.
 */
import {
  type Manifest,
  readManifest,
  type Sha256,
  type Verifier,
  verifyManifest,
} from '@edgewise/models/bundle';
import { namesBase, readTuneRecipe } from '@edgewise/models/train';
import { type BundleRef, FleetError } from '@edgewise/protocol';
import type { Lineage, LineageLink, ModelVersion } from '@edgewise/protocol/http';
import { decodeSnapshot } from '../datasets/snapshot.ts';
import type { DeviceRecord } from '../fleet/fleet.ts';
import type { BlobStore } from '../store/blobs.ts';

interface LineageOptions {
  readonly device: (device: string) => Promise<DeviceRecord>;
  readonly blobs: BlobStore;
  /** Keys that may sign bundles. */
  readonly verifiers: readonly Verifier[];
  readonly sha256: Sha256;
  /** The gate report of a version; `undefined` for an unknown one. */
  readonly version: (model: string, version: number) => Promise<ModelVersion | undefined>;
}

/** Looks the chain of a device up and checks it. Rejects with `not-found` for an unknown device. */
export function createLineage(options: LineageOptions): (device: string) => Promise<Lineage> {
  return async (id) => {
    const device = await options.device(id);
    const bundle = device.state?.slots.active?.bundle ?? device.active;
    const head = orderLinks(device, bundle);
    if (bundle === null) return { device: id, manifest: null, links: head, ok: true };
    const links = [...head, ...(await bundleLinks(bundle, options))];
    const ok = links.every(({ verified }) => verified !== false);
    return { device: id, manifest: bundle.manifest, links, ok };
  };
}

function orderLinks(device: DeviceRecord, bundle: BundleRef | null): LineageLink[] {
  const serving = device.state?.slots.active?.status ?? 'nothing yet';
  const what = bundle === null ? 'runs nothing' : `runs ${bundle.model} version ${bundle.version}`;
  const links: LineageLink[] = [
    {
      kind: 'device',
      id: device.id,
      label: `${device.id} (${device.deviceClass}) ${what}, ${serving}`,
      verified: null,
    },
    {
      kind: 'target',
      id: String(device.generation),
      label: `Target generation ${device.generation}`,
      verified: null,
    },
  ];
  if (device.rollout !== undefined) {
    const label = `Ordered by ${device.rollout}`;
    links.push({ kind: 'rollout', id: device.rollout, label, verified: null });
  }
  return links;
}

async function bundleLinks(bundle: BundleRef, options: LineageOptions): Promise<LineageLink[]> {
  const { blobs } = options;
  const manifestBytes = await read(blobs, bundle.manifest);
  const manifestLink = linkOf('manifest', bundle.manifest, {
    label: 'Manifest',
    fault: manifestBytes.fault,
  });
  if (manifestBytes.bytes === undefined) return [manifestLink];
  const manifest = readManifest(manifestBytes.bytes);
  return [
    manifestLink,
    await signatureLink(bundle, manifestBytes.bytes, options),
    ...(await fileLinks(manifest, blobs)),
    ...(await originLinks(manifest, options)),
  ];
}

async function signatureLink(
  bundle: BundleRef,
  manifest: Uint8Array,
  options: LineageOptions,
): Promise<LineageLink> {
  const signature = await read(options.blobs, bundle.signature);
  let fault = signature.fault;
  if (signature.bytes !== undefined) {
    fault = await verifyManifest(manifest, signature.bytes, options).then(
      () => undefined,
      (thrown) => FleetError.from(thrown).reason,
    );
  }
  return linkOf('signature', bundle.signature, { label: 'Signed by the hub', fault });
}

async function fileLinks(manifest: Manifest, blobs: BlobStore): Promise<LineageLink[]> {
  const links: LineageLink[] = [];
  for (const { name, sha256 } of manifest.blobs) {
    const { fault } = await read(blobs, sha256);
    links.push(linkOf('graph', sha256, { label: `File ${name}`, fault }));
  }
  return links;
}

async function originLinks(manifest: Manifest, options: LineageOptions): Promise<LineageLink[]> {
  const { blobs } = options;
  const { lineage } = manifest;
  const plain = async (kind: LineageLink['kind'], digest: string, label: string) =>
    linkOf(kind, digest, { label, fault: (await read(blobs, digest)).fault });
  const links = [
    await plain('model', lineage.model, 'Float graph it was shrunk from'),
    ...(lineage.calibration === undefined
      ? []
      : [await plain('calibration', lineage.calibration, 'Calibration inputs')]),
    await plain('run', lineage.run, 'Run: recipe, snapshot, seed and settings'),
    await plain('recipe', lineage.recipe, 'Recipe'),
    ...(await baseLinks(lineage.recipe, blobs)),
    await snapshotLink(lineage.snapshot, blobs),
  ];
  const version = await options.version(manifest.model, manifest.version);
  if (version !== undefined) {
    const { verdict, checks } = version.gate;
    const sentences = checks.map(({ sentence }) => sentence).join(' ');
    const label = `Gate: ${verdict}. ${sentences}`;
    links.push({ kind: 'gate', id: `${version.run}`, label, verified: null });
  }
  if (lineage.parent !== undefined) {
    links.push(
      await plain('parent', lineage.parent, 'Manifest of the version it was retrained from'),
    );
  }
  return links;
}

/** The imported model that a recipe trains further, which it names by digest. */
async function baseLinks(recipe: string, blobs: BlobStore): Promise<LineageLink[]> {
  const { bytes } = await read(blobs, recipe);
  const base = bytes === undefined ? undefined : baseIn(bytes);
  if (base === undefined) return [];
  const label = 'Model that it was trained further from';
  return [linkOf('base', base, { label, fault: (await read(blobs, base)).fault })];
}

function baseIn(recipe: Uint8Array): string | undefined {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(recipe));
    return namesBase(document) ? readTuneRecipe(document).base.model : undefined;
  } catch {
    // A bundle that was built elsewhere may name a recipe in another form: it has no base to show.
    return undefined;
  }
}

/** A snapshot holds when its document and every shard and sample that it names hold. */
async function snapshotLink(digest: string, blobs: BlobStore): Promise<LineageLink> {
  const document = await read(blobs, digest);
  let fault = document.fault;
  let label = 'Data snapshot';
  if (document.bytes !== undefined) {
    const { dataset, shards, field } = decodeSnapshot(document.bytes);
    const named = [
      ...Object.entries(shards).flatMap(([part, digests]) =>
        digests.map((shard) => ({ what: `shard of ${part}`, digest: shard })),
      ),
      ...field.map(({ sample }) => ({ what: 'field sample', digest: sample })),
    ];
    label = `Snapshot of ${dataset}: ${named.length - field.length} shards, ${field.length} field samples`;
    for (const { what, digest: part } of named) {
      const found = await read(blobs, part);
      if (found.fault !== undefined) fault ??= `${what} ${part.slice(0, 12)}: ${found.fault}`;
    }
  }
  return linkOf('snapshot', digest, { label, fault });
}

async function read(
  blobs: BlobStore,
  digest: string,
): Promise<{ readonly bytes?: Uint8Array; readonly fault?: string }> {
  try {
    return { bytes: await blobs.get(digest) };
  } catch (thrown) {
    return { fault: FleetError.from(thrown).reason };
  }
}

function linkOf(
  kind: LineageLink['kind'],
  id: string,
  { label, fault }: { readonly label: string; readonly fault: string | undefined },
): LineageLink {
  return fault === undefined
    ? { kind, id, label, verified: true }
    : { kind, id, label: `${label} — ${fault}`, verified: false };
}
