import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FleetError } from '@edgewise/protocol';
import type { Io } from './io.ts';

/** Bytes of a file named on the command line. Throws with the path in the message. */
export async function readNamedFile(io: Io, name: string): Promise<Uint8Array> {
  const file = path.resolve(io.cwd, name);
  try {
    return await readFile(file);
  } catch (cause) {
    const { code } = FleetError.from(cause);
    throw new FleetError(
      code,
      `${file} cannot be read${code === 'not-found' ? ': there is no such file' : ''}.`,
      { cause },
    );
  }
}

/** Runs what reads a file's content; what is wrong with it begins with the file's name. */
export function naming<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    const { code, reason } = FleetError.from(thrown);
    throw new FleetError(code, `${name}: ${reason}`, { cause: thrown });
  }
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
