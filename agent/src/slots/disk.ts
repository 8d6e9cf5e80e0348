/**
 * The little that slots need of a file system. Paths are relative, separated by `/`.
 *
 * Promises of every implementation, checked by `describeDisk`: nothing is durable before it is
 * synced: a file's bytes by `syncFile`, its name (and its removal, and a rename) by `syncFolder` of
 * the folder that holds it; a rename replaces its goal in one go; a full disk rejects with
 * `disk-full` and leaves what was there.
 */
export interface Disk {
  /** All bytes, or the range that is asked for as far as it exists; `undefined` without such a file. */
  read(path: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Replaces the file, or writes into it from `fromByte` on; folders above are made as needed. */
  write(path: string, bytes: Uint8Array, options?: { readonly fromByte: number }): Promise<void>;
  syncFile(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** `''` is the root. Also makes the folders above durable. */
  syncFolder(path: string): Promise<void>;
  /** Removes a file, or a folder with everything in it; harmless when there is none. */
  remove(path: string): Promise<void>;
  /** Names of files and folders in a folder, sorted; empty when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
}

interface ByteRange {
  readonly fromByte: number;
  readonly sizeBytes: number;
}

/** Replaces a file so that after a crash either the old or the new one is there, whole. */
export async function writeDurably(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const next = `${path}.next`;
  await disk.write(next, bytes);
  await disk.syncFile(next);
  await disk.rename(next, path);
  await disk.syncFolder(folderOf(path));
}

/** The folder that holds a path; `''` is the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
