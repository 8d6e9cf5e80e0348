import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FleetError } from '@edgewise/protocol';
import type { Io } from './io.ts';

/** Bytes of a file named on the command line. Throws with the path in the message. */
export async function readNamedFile(io: Io, name: string): Promise<Uint8Array> {
  const file = path.resolve(io.cwd, name);
  try {
    return await readFile(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Its size in bytes. Throws as `readNamedFile` does. */
export async function sizeOfNamedFile(io: Io, name: string): Promise<number> {
  const file = path.resolve(io.cwd, name);
  try {
    return (await stat(file)).size;
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): FleetError {
  const { code } = FleetError.from(cause);
  if (isFolder(cause)) {
    return new FleetError('invalid-argument', `${file} cannot be read: it is a folder.`, { cause });
  }
  const why = code === 'not-found' ? ': there is no such file' : '';
  return new FleetError(code, `${file} cannot be read${why}.`, { cause });
}

const isFolder = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'EISDIR';

/** Runs what reads a file's content; what is wrong with it begins with the file's name. */
export function naming<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw named(name, thrown);
  }
}

/** The same for what takes its time. */
export async function namingAll<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw named(name, thrown);
  }
}

function named(name: string, thrown: unknown): FleetError {
  const { code, reason } = FleetError.from(thrown);
  return new FleetError(code, `${name}: ${reason}`, { cause: thrown });
}

/** Writes a file named on the command line. Throws with the path in the message. */
export async function writeNamedFile(io: Io, name: string, bytes: Uint8Array): Promise<void> {
  const file = path.resolve(io.cwd, name);
  try {
    await writeFile(file, bytes);
  } catch (cause) {
    const { code } = FleetError.from(cause);
    const why = code === 'not-found' ? ': its folder does not exist' : '';
    throw new FleetError(code, `${file} cannot be written${why}.`, { cause });
  }
}
