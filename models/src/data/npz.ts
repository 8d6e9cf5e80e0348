import { FleetError, mebibytes } from '@edgewise/protocol';
import { unzipSync, zipSync } from 'fflate';
import type { Tensor } from '../tensor/tensor.ts';
import { decodeNpy, encodeNpy } from './npy.ts';

/**
 * Reads a `.npz` file: a ZIP of `.npy` files, by their names without the ending.
 * Throws `malformed`, `unsupported`, or `too-large` before it unpacks more than `maxBytes`.
 */
export function decodeNpz(
  bytes: Uint8Array,
  options: { readonly maxBytes?: number } = {},
): ReadonlyMap<string, Tensor> {
  const files = unpack(bytes, options.maxBytes ?? mebibytes(1024));
  return new Map(
    Object.entries(files).map(([name, content]) => [
      name.slice(0, -ending.length),
      decodeNpy(content),
    ]),
  );
}

/**
 * Writes a `.npz` file. The same arrays give the same bytes. `level` 0 (default) stores them as
 * they are, which is what random-looking data deserves; up to 9 packs harder.
 */
export function encodeNpz(
  arrays: ReadonlyMap<string, Tensor>,
  options: { readonly level?: 0 | 1 | 6 | 9 } = {},
): Uint8Array {
  const files = [...arrays].map(([name, array]) => [`${name}${ending}`, encodeNpy(array)] as const);
  return zipSync(Object.fromEntries(files), { level: options.level ?? 0, mtime: epochOfZip });
}

const ending = '.npy';

/** ZIP cannot tell earlier times; a fixed one keeps the bytes the same. */
const epochOfZip = new Date(1980, 0, 1);

function unpack(bytes: Uint8Array, maxBytes: number): Record<string, Uint8Array> {
  let size = 0;
  try {
    return unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!name.endsWith(ending)) return false;
        size += originalSize;
        if (size > maxBytes) {
          throw new FleetError('too-large', `The .npz unpacks to more than ${maxBytes} bytes.`);
        }
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof FleetError) throw cause;
    throw new FleetError('malformed', 'This is no .npz file.', { cause });
  }
}
