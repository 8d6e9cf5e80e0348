import { type BundleRef, FleetError, limits } from '@edgewise/protocol';
import { blobEntry } from './blocks.ts';
import { formatVersion } from './compatibility.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { signFiles } from './model-signing.ts';
import type { Sha256, Signer } from './ports.ts';
import { manifestName, signatureName } from './verify.ts';

/** What the packager is told; the rest of the manifest follows from the files. */
export interface BundleFacts
  extends Omit<Manifest, 'v' | 'formatVersion' | 'blobs' | 'sizeBytes' | 'state'> {
  readonly state?: Manifest['state'];
}

/** With what a bundle is packed. */
export interface PackOptions {
  readonly signer: Signer;
  readonly sha256: Sha256;
}

/** A bundle that is ready to be stored and delivered. */
export interface PackedBundle {
  readonly manifest: Manifest;
  /** Every file by name, `manifest.json` and `model.sig` among them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** SHA-256 of manifest.json. */
  readonly manifestDigest: string;
  /** SHA-256 of model.sig. */
  readonly signatureDigest: string;
  /** How a target names it. */
  readonly ref: BundleRef;
}

/**
 * Packs and signs a bundle. The same facts and blobs give the same manifest, byte for byte; blobs
 * are listed in the order of the map. Throws `invalid-argument` for facts that make no manifest.
 */
export async function packBundle(
  facts: BundleFacts,
  blobs: ReadonlyMap<string, Uint8Array>,
  options: PackOptions,
): Promise<PackedBundle> {
  const { signer, sha256 } = options;
  const manifest = manifestOf(facts, blobs, sha256);
  const manifestBytes = new TextEncoder().encode(JSON.stringify(manifest));
  assertReadable(manifestBytes);
  const manifestDigest = sha256(manifestBytes);
  const digests = new Map(manifest.blobs.map((blob) => [blob.name, blob.sha256]));
  const signed = {
    name: `${manifest.model}-${manifest.version}-${manifest.deviceClass}`,
    digests: digests.set(manifestName, manifestDigest),
  };
  const signature = await signFiles(signed, signer, options);
  const signatureDigest = sha256(signature);
  return {
    manifest,
    files: new Map([[manifestName, manifestBytes], [signatureName, signature], ...blobs]),
    manifestDigest,
    signatureDigest,
    ref: {
      model: manifest.model,
      version: manifest.version,
      deviceClass: manifest.deviceClass,
      manifest: manifestDigest,
      manifestSizeBytes: manifestBytes.length,
      signature: signatureDigest,
      signatureSizeBytes: signature.length,
    },
  };
}

function manifestOf(
  facts: BundleFacts,
  blobs: ReadonlyMap<string, Uint8Array>,
  sha256: Sha256,
): Manifest {
  const tooLarge = [...blobs].find(([, bytes]) => bytes.length > limits.blobBytes);
  if (tooLarge !== undefined) {
    throw new FleetError('too-large', `${tooLarge[0]} is larger than ${limits.blobBytes} bytes.`);
  }
  const entries = [...blobs].map(([name, bytes]) => blobEntry(name, bytes, sha256));
  return {
    v: 1,
    formatVersion,
    ...facts,
    state: facts.state ?? [],
    blobs: entries,
    sizeBytes: entries.reduce((sum, entry) => sum + entry.sizeBytes, 0),
  };
}

/** What devices could not read must not leave the packager. */
function assertReadable(manifestBytes: Uint8Array): void {
  try {
    readManifest(manifestBytes);
  } catch (cause) {
    const { reason } = FleetError.from(cause);
    throw new FleetError('invalid-argument', `These facts make no manifest: ${reason}`, { cause });
  }
}
