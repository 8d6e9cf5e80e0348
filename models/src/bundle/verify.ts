import { type Code, FleetError } from '@edgewise/protocol';
import { blockCount, splitBlocks } from './blocks.ts';
import { assertRunsOn, type Host } from './compatibility.ts';
import { type BlobEntry, type Manifest, readManifest } from './manifest.ts';
import { verifyFiles } from './model-signing.ts';
import type { Sha256, Verifier } from './ports.ts';

/** Names of the two files that everything else hangs on. */
export const manifestName = 'manifest.json';
/** The signature over every file of a bundle, after OpenSSF Model Signing. */
export const signatureName = 'model.sig';

/** With what a bundle is checked. */
export interface VerifyOptions {
  readonly verifiers: readonly Verifier[];
  readonly sha256: Sha256;
}

/**
 * The manifest, once its signature is by one of the keys and speaks for exactly the files that the
 * manifest names. Its blobs may still be on their way: each block is checked as it arrives.
 * Throws `signature-invalid`, `digest-mismatch`, `malformed`, `newer-version`, `too-large`.
 */
export async function verifyManifest(
  manifestBytes: Uint8Array,
  signatureBytes: Uint8Array,
  options: VerifyOptions,
): Promise<Manifest> {
  const { digests } = await verifyFiles(signatureBytes, options.verifiers, options);
  if (digests.get(manifestName) !== options.sha256(manifestBytes)) {
    throw new FleetError('digest-mismatch', `${manifestName} is not the one that was signed.`);
  }
  const manifest = readManifest(manifestBytes);
  assertWhole(manifest);
  assertSameFiles(manifest, digests);
  return manifest;
}

/** What became of checking a bundle. */
export type BundleVerdict =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly code: Code; readonly detail: string };

/**
 * Checks every byte of a bundle that lies ready, and that it is for this host (when one is given).
 * Codes of a refusal: those of `verifyManifest`, `not-found` for a missing file, `digest-mismatch`,
 * `malformed` for a file that nobody signed, `incompatible`.
 */
export async function verifyBundle(
  files: ReadonlyMap<string, Uint8Array>,
  options: VerifyOptions & { readonly host?: Host },
): Promise<BundleVerdict> {
  try {
    const manifest = await verifyManifest(
      fileOf(files, manifestName),
      fileOf(files, signatureName),
      options,
    );
    if (options.host !== undefined) assertRunsOn(manifest, options.host);
    for (const entry of manifest.blobs)
      assertBlob(entry, fileOf(files, entry.name), options.sha256);
    assertNothingElse(files, manifest);
    return { ok: true, manifest };
  } catch (thrown) {
    const { code, reason } = FleetError.from(thrown);
    return { ok: false, code, detail: reason };
  }
}

/** Checks one blob against its entry, size first. Throws `digest-mismatch`. */
export function assertBlob(entry: BlobEntry, bytes: Uint8Array, sha256: Sha256): void {
  const fits = bytes.length === entry.sizeBytes && sha256(bytes) === entry.sha256;
  const wrong = fits
    ? -1
    : splitBlocks(bytes).findIndex((block, index) => entry.blocks[index] !== sha256(block));
  if (fits) return;
  const where = wrong < 0 ? '' : ` (block ${wrong} differs)`;
  throw new FleetError('digest-mismatch', `${entry.name} is not the one that was signed${where}.`);
}

function fileOf(files: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) throw new FleetError('not-found', `The bundle lacks ${name}.`);
  return bytes;
}

/** A manifest is signed but may still be nonsense: names twice, or a list of blocks that cannot be. */
function assertWhole(manifest: Manifest): void {
  const names = [manifestName, signatureName, ...manifest.blobs.map((blob) => blob.name)];
  if (new Set(names).size !== names.length) {
    throw new FleetError('malformed', 'The manifest names a file twice.');
  }
  const wrong = manifest.blobs.find((blob) => blob.blocks.length !== blockCount(blob.sizeBytes));
  if (wrong !== undefined) {
    throw new FleetError(
      'malformed',
      `${wrong.name} does not have as many blocks as its size needs.`,
    );
  }
}

function assertSameFiles(manifest: Manifest, digests: ReadonlyMap<string, string>): void {
  const named = new Map(manifest.blobs.map((blob) => [blob.name, blob.sha256]));
  for (const [name, digest] of named) {
    if (digests.get(name) !== digest) {
      throw new FleetError('digest-mismatch', `The signature does not speak for ${name}.`);
    }
  }
  if (digests.size !== named.size + 1) {
    throw new FleetError('malformed', 'The signature speaks for files that the manifest lacks.');
  }
}

function assertNothingElse(files: ReadonlyMap<string, Uint8Array>, manifest: Manifest): void {
  const known = new Set([manifestName, signatureName, ...manifest.blobs.map((blob) => blob.name)]);
  for (const name of files.keys()) {
    if (!known.has(name)) throw new FleetError('malformed', `Nobody signed the file "${name}".`);
  }
}
