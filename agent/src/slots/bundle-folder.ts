import {
  assertBlob,
  assertRunsOn,
  type Manifest,
  manifestName,
  type Sha256,
  signatureName,
} from '@edgewise/models/bundle';
import { type BundleRef, FleetError } from '@edgewise/protocol';

import type { Trust } from '../core/trust.ts';
import type { Disk } from './disk.ts';

/** Holds one folder per bundle, named by the digest of its manifest. */
export const bundlesFolder = 'bundles';

/** Where a file of a bundle lies. */
export function bundlePath(bundle: Pick<BundleRef, 'manifest'>, name: string): string {
  return `${bundlesFolder}/${bundle.manifest}/${name}`;
}

/** Where bundles lie, and with what they are checked. */
export interface BundleParts {
  readonly disk: Disk;
  readonly sha256: Sha256;
  readonly trust: Trust;
  /** Version of this agent, as a semantic version. */
  readonly agentVersion: string;
}

/** A bundle whose signature, digests and compatibility were checked. */
export interface VerifiedBundle {
  readonly ref: BundleRef;
  readonly manifest: Manifest;
  /** Bytes of its blobs by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Reads a bundle back from the disk and checks all of it. */
export async function readVerified(parts: BundleParts, ref: BundleRef): Promise<VerifiedBundle> {
  const manifest = await readManifestOf(parts, ref);
  const files = new Map<string, Uint8Array>();
  for (const blob of manifest.blobs) {
    const bytes = await readFile(parts.disk, ref, blob.name);
    assertBlob(blob, bytes, parts.sha256);
    files.set(blob.name, bytes);
  }
  return { ref, manifest, files };
}

/**
 * Reads the two small files that everything else hangs on, and checks that they are those of the
 * target, signed, and for this agent.
 */
export async function readManifestOf(parts: BundleParts, ref: BundleRef): Promise<Manifest> {
  const manifestBytes = await readFile(parts.disk, ref, manifestName);
  const signature = await readFile(parts.disk, ref, signatureName);
  assertDigest(parts.sha256, manifestBytes, { name: manifestName, digest: ref.manifest });
  assertDigest(parts.sha256, signature, { name: signatureName, digest: ref.signature });
  const manifest = await parts.trust.openManifest(manifestBytes, signature);
  for (const key of ['model', 'version'] as const) {
    if (manifest[key] !== ref[key]) {
      const reason = `The manifest says ${key} ${manifest[key]}, the target ${ref[key]}.`;
      throw new FleetError('incompatible', reason);
    }
  }
  // Whether this device runs builds of that class was decided by the planner.
  assertRunsOn(manifest, { deviceClass: ref.deviceClass, agentVersion: parts.agentVersion });
  return manifest;
}

/** Whether a file lies there with the digest that was promised. */
export async function hasFile(
  parts: Pick<BundleParts, 'disk' | 'sha256'>,
  ref: BundleRef,
  file: { readonly name: string; readonly digest: string },
): Promise<boolean> {
  const bytes = await parts.disk.read(bundlePath(ref, file.name));
  return bytes !== undefined && parts.sha256(bytes) === file.digest;
}

async function readFile(disk: Disk, ref: BundleRef, name: string): Promise<Uint8Array> {
  const bytes = await disk.read(bundlePath(ref, name));
  if (bytes === undefined) throw new FleetError('not-found', `${name} is missing.`);
  return bytes;
}

function assertDigest(
  sha256: Sha256,
  bytes: Uint8Array,
  file: { readonly name: string; readonly digest: string },
): void {
  if (sha256(bytes) === file.digest) return;
  throw new FleetError('digest-mismatch', `${file.name} on the disk has another digest.`);
}
