import { manifestName, signatureName } from '@edgewise/models/bundle';
import type { BundleRef } from '@edgewise/protocol';
import { type BundleParts, bundlePath, hasFile, readManifestOf } from '../slots/bundle-folder.ts';
import type { WantedFile } from './blocks.ts';
import { type DownloadOptions, type DownloadParts, download } from './download.ts';

/**
 * Brings every file of a bundle onto the disk. Manifest and signature come first and are checked
 * before a byte of the rest is asked for; files that are there already are kept.
 */
export async function fetchBundle(
  parts: DownloadParts & BundleParts,
  ref: BundleRef,
  options: DownloadOptions,
): Promise<void> {
  const fetchFile = async (name: string, wanted: WantedFile) => {
    if (await hasFile(parts, ref, { name, digest: wanted.digest })) return;
    await download(parts, { path: bundlePath(ref, name), wanted }, options);
  };
  await fetchFile(manifestName, { digest: ref.manifest, sizeBytes: ref.manifestSizeBytes });
  await fetchFile(signatureName, { digest: ref.signature, sizeBytes: ref.signatureSizeBytes });
  const manifest = await readManifestOf(parts, ref);
  for (const blob of manifest.blobs) {
    const { sha256: digest, sizeBytes, blocks } = blob;
    await fetchFile(blob.name, { digest, sizeBytes, blocks });
  }
}
