import { blockCount, type Sha256 } from '@edgewise/models/bundle';
import { FleetError, limits } from '@edgewise/protocol';
import { type Disk, folderOf } from '../slots/disk.ts';
import { type Bitmap, blockSize, createBitmap, type WantedFile } from './blocks.ts';

/**
 * A file that grows block by block and survives a restart. The bitmap is not kept: it is what the
 * bytes on the disk prove, block digest by block digest, so no crash can make it lie.
 */
export interface PartialFile {
  readonly bitmap: Bitmap;
  /** Checks a block and writes it; false when it is none of this file. */
  accept(block: number, bytes: Uint8Array): Promise<boolean>;
  /** Checks the whole, makes it durable under its name. Rejects with `digest-mismatch`. */
  complete(): Promise<void>;
}

interface PartialFileParts {
  readonly disk: Disk;
  readonly sha256: Sha256;
}

/** Opens what an earlier attempt left of a file, or starts it. */
export async function openPartialFile(
  { disk, sha256 }: PartialFileParts,
  path: string,
  wanted: WantedFile,
): Promise<PartialFile> {
  const part = `${path}.part`;
  const count = blockCount(wanted.sizeBytes);
  const bitmap = createBitmap(count);
  const isGood = (block: number, bytes: Uint8Array) =>
    bytes.length === blockSize(wanted.sizeBytes, block) &&
    (wanted.blocks === undefined || sha256(bytes) === wanted.blocks[block]);

  const found = wanted.blocks === undefined ? 0 : count;
  for (let block = 0; block < found; block++) {
    const range = { fromByte: block * limits.blockSizeBytes, sizeBytes: limits.blockSizeBytes };
    const bytes = await disk.read(part, range);
    if (bytes === undefined) break;
    if (isGood(block, bytes)) bitmap.add(block);
  }

  return {
    bitmap,
    async accept(block, bytes) {
      if (block >= count || !isGood(block, bytes)) return false;
      if (bitmap.has(block)) return true;
      await disk.write(part, bytes, { fromByte: block * limits.blockSizeBytes });
      bitmap.add(block);
      return true;
    },
    async complete() {
      const bytes = await disk.read(part);
      if (bytes === undefined || sha256(bytes) !== wanted.digest) {
        await disk.remove(part);
        throw new FleetError('digest-mismatch', `${path} arrived with another digest.`);
      }
      await disk.syncFile(part);
      await disk.rename(part, path);
      await disk.syncFolder(folderOf(path));
    },
  };
}
