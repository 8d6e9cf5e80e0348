import { readFile } from 'node:fs/promises';
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
