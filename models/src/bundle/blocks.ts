import { limits } from '@edgewise/protocol';
import type { BlobEntry } from './manifest.ts';
import type { Sha256 } from './ports.ts';

/** Blocks of a blob, 32 KiB each and the rest last; views of its bytes, not copies. */
export function splitBlocks(bytes: Uint8Array): readonly Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; start += limits.blockSizeBytes) {
    blocks.push(bytes.subarray(start, start + limits.blockSizeBytes));
  }
  return blocks;
}

/** How many blocks a blob of `sizeBytes` has. */
export function blockCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / limits.blockSizeBytes);
}

/** Names one blob by its digest and the digests of its blocks. */
export function blobEntry(name: string, bytes: Uint8Array, sha256: Sha256): BlobEntry {
  return {
    name,
    sha256: sha256(bytes),
    sizeBytes: bytes.length,
    blocks: splitBlocks(bytes).map(sha256),
  };
}
