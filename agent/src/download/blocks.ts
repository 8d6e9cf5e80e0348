import { limits } from '@edgewise/protocol';

/** A file that is known by its digest before it arrives. */
export interface WantedFile {
  readonly digest: string;
  readonly sizeBytes: number;
  /** SHA-256 of each 32 KiB block; absent for the small files that are checked whole. */
  readonly blocks?: readonly string[];
}

/** Bytes of one block: all have 32 KiB, except that the last may be shorter. */
export function blockSize(sizeBytes: number, block: number): number {
  return Math.min(limits.blockSizeBytes, sizeBytes - block * limits.blockSizeBytes);
}

/** Which blocks are still missing. */
export interface Bitmap {
  readonly missing: readonly number[];
  readonly done: number;
  has(block: number): boolean;
  add(block: number): void;
}

/** A bitmap of `count` blocks, all missing. */
export function createBitmap(count: number): Bitmap {
  const missing = new Set(Array.from({ length: count }, (_, block) => block));
  return {
    get missing() {
      return [...missing];
    },
    get done() {
      return count - missing.size;
    },
    has: (block) => !missing.has(block),
    add: (block) => missing.delete(block),
  };
}
