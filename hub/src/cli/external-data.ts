import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import type { ExternalData } from '@edgewise/models/onnx';
import { FleetError } from '@edgewise/protocol';
import type { Io } from './io.ts';

/** Files that lie beside a model and hold its large constants. */
export interface ExternalFiles extends Disposable {
  readonly read: ExternalData;
  /** Size of those that were opened. */
  bytes(): number;
}

/** A file that is open. */
interface OpenFile {
  readonly descriptor: number;
  readonly size: number;
}

/**
 * Reads parts of files beside a model, each opened once. `onSize` hears how large they are together
 * before anything is read of the next one, and may throw. Reading throws `not-found` or `malformed`
 * that names the file.
 */
export function openExternal(
  io: Io,
  model: string,
  onSize: (bytes: number) => void,
): ExternalFiles {
  const folder = path.dirname(path.resolve(io.cwd, model));
  const files = new Map<string, OpenFile>();
  const sizeOfAll = (): number => [...files.values()].reduce((sum, { size }) => sum + size, 0);
  const fileAt = (location: string): OpenFile => {
    const known = files.get(location);
    if (known !== undefined) return known;
    const descriptor = openBeside(folder, location);
    const file = { descriptor, size: fstatSync(descriptor).size };
    files.set(location, file);
    onSize(sizeOfAll());
    return file;
  };
  return {
    read(location, offset, length) {
      const { descriptor, size } = fileAt(location);
      const wanted = length ?? Math.max(0, size - offset);
      if (offset + wanted > size) {
        const needed = `${offset + wanted} bytes are needed`;
        throw new FleetError('malformed', `${location} ends after ${size} bytes; ${needed}.`);
      }
      const bytes = new Uint8Array(wanted);
      readSync(descriptor, bytes, 0, wanted, offset);
      return bytes;
    },
    bytes: sizeOfAll,
    [Symbol.dispose]() {
      for (const { descriptor } of files.values()) closeSync(descriptor);
    },
  };
}

function openBeside(folder: string, location: string): number {
  try {
    return openSync(path.join(folder, location), 'r');
  } catch (cause) {
    const { code } = FleetError.from(cause);
    const what = `${location}, which holds weights of the model, cannot be read`;
    const advice = 'Put it beside the model, as it was exported.';
    throw new FleetError(code, `${what}. ${advice}`, { cause });
  }
}
