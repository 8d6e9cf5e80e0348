import { FleetError } from '@edgewise/protocol';
import { type Disk, folderOf } from './disk.ts';

/** Where a memory disk is asked to fail. */
export interface MemoryDiskOptions {
  /** Bytes of all files together; default unlimited. */
  readonly capacityBytes?: number;
  /** Called before each operation; what it throws is what the operation fails with. */
  readonly beforeOperation?: (name: keyof Disk, path: string) => void;
  /** Fixes what a crash keeps of what was not synced: a number from 0 to 1; default 1 keeps nothing. */
  readonly random?: () => number;
}

/** A disk that shows what a crash leaves. */
export interface MemoryDisk extends Disk {
  /** The disk after a power cut: what was synced, and by chance some of what was not. */
  crashed(options?: MemoryDiskOptions): MemoryDisk;
  /** Bytes of all files. */
  readonly usedBytes: number;
}

interface Inode {
  bytes: Uint8Array;
  synced: Uint8Array;
}

/** Paths and what they lead to: a file, or a folder as `null`. */
type Names = Map<string, Inode | null>;

/**
 * A disk in memory that forgets whatever was not synced, file and folder alike.
 * Bytes belong to a file and survive renames; names belong to folders.
 */
export function createMemoryDisk(options: MemoryDiskOptions = {}): MemoryDisk {
  return fromNames(new Map(), options);
}

function fromNames(kept: Names, options: MemoryDiskOptions): MemoryDisk {
  const names: Names = new Map(kept);
  const durable: Names = new Map(kept);

  const usedBytes = () => {
    let sum = 0;
    for (const node of names.values()) sum += node?.bytes.length ?? 0;
    return sum;
  };

  function makeFolders(path: string): void {
    for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) {
      if (!names.has(folder)) names.set(folder, null);
    }
  }

  function fileAt(path: string): Inode {
    const node = names.get(path);
    if (!node) throw new FleetError('not-found', `There is no file ${path}.`);
    return node;
  }

  function write(path: string, bytes: Uint8Array, fromByte: number | undefined): void {
    const before = names.get(path)?.bytes ?? new Uint8Array();
    const from = fromByte ?? 0;
    const kept = fromByte === undefined ? 0 : before.length;
    const after = new Uint8Array(Math.max(kept, from + bytes.length));
    if (fromByte !== undefined) after.set(before);
    after.set(bytes, from);
    if (usedBytes() - before.length + after.length > (options.capacityBytes ?? Infinity)) {
      throw new FleetError('disk-full', `No room for ${bytes.length} bytes of ${path}.`);
    }
    makeFolders(path);
    const node = names.get(path) ?? { bytes: after, synced: new Uint8Array() };
    node.bytes = after;
    names.set(path, node);
  }

  function move(from: string, to: string): void {
    const moved = [...names].filter(([path]) => path === from || path.startsWith(`${from}/`));
    if (moved.length === 0) throw new FleetError('not-found', `There is no ${from}.`);
    makeFolders(to);
    for (const [path, node] of moved) {
      names.delete(path);
      names.set(to + path.slice(from.length), node);
    }
  }

  function syncOneFolder(folder: string): void {
    for (const path of [...durable.keys()]) {
      if (folderOf(path) === folder && !names.has(path)) forget(durable, path);
    }
    for (const [path, node] of names) if (folderOf(path) === folder) durable.set(path, node);
  }

  function run<T>(name: keyof Disk, path: string, work: () => T): Promise<T> {
    return new Promise((resolve) => {
      options.beforeOperation?.(name, path);
      resolve(work());
    });
  }

  return {
    get usedBytes() {
      return usedBytes();
    },
    read: (path, range) =>
      run('read', path, () => {
        const bytes = names.get(path)?.bytes;
        if (range === undefined) return bytes?.slice();
        return bytes?.slice(range.fromByte, range.fromByte + range.sizeBytes);
      }),
    write: (path, bytes, range) => run('write', path, () => write(path, bytes, range?.fromByte)),
    syncFile: (path) =>
      run('syncFile', path, () => {
        const node = fileAt(path);
        node.synced = node.bytes;
      }),
    rename: (from, to) => run('rename', from, () => move(from, to)),
    syncFolder: (path) =>
      run('syncFolder', path, () => {
        for (let folder = path; folder !== ''; folder = folderOf(folder)) syncOneFolder(folder);
        syncOneFolder('');
      }),
    remove: (path) => run('remove', path, () => forget(names, path)),
    list: (path) =>
      run('list', path, () => {
        const inside = [...names.keys()].filter((name) => name !== '' && folderOf(name) === path);
        return inside.map((name) => name.slice(path === '' ? 0 : path.length + 1)).sort();
      }),
    crashed: (next = {}) => fromNames(leftover(names, durable, options.random ?? (() => 1)), next),
  };
}

function forget(names: Names, path: string): void {
  for (const name of [...names.keys()]) {
    if (name === path || name.startsWith(`${path}/`)) names.delete(name);
  }
}

/** What a power cut leaves; each unsynced change survives with even odds when chance is given. */
function leftover(names: Names, durable: Names, random: () => number): Names {
  const result: Names = new Map();
  const paths = [...new Set([...durable.keys(), ...names.keys()])].sort();
  for (const path of paths) {
    const changed = durable.get(path) !== names.get(path) || durable.has(path) !== names.has(path);
    const source = changed && random() < 0.5 ? names : durable;
    const node = source.get(path);
    const parent = folderOf(path);
    if (!source.has(path) || (parent !== '' && !result.has(parent))) continue;
    result.set(path, node ? survivor(node, random) : null);
  }
  return result;
}

function survivor(node: Inode, random: () => number): Inode {
  const bytes = node.bytes !== node.synced && random() < 0.5 ? node.bytes : node.synced;
  return { bytes, synced: bytes };
}
