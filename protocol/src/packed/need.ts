import { FleetError } from '../errors/fleet-error.ts';
import { limits } from '../limits.ts';
import { ByteReader, ByteWriter, fromHex, toHex } from './bytes.ts';

/**
 * Which parts of a blob or sample are missing. The same body is `need` (a device asks for blocks)
 * and `want` (the hub asks for parts of a sample).
 * The layout stands byte by byte in `packedLayouts` of the part `documentation`.
 */
export interface MissingParts {
  readonly digest: string;
  readonly parts: number;
  /** Indices of the missing parts, rising. */
  readonly missing: readonly number[];
}

const version = 1;
const mostParts = Math.ceil(limits.blobBytes / limits.blockSizeBytes);

/** Packs a request for missing parts. */
export function encodeMissing(request: MissingParts): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(request.parts / 8));
  for (const part of request.missing) {
    const at = part >> 3;
    bitmap[at] = (bitmap[at] ?? 0) | (1 << (part & 7));
  }
  return new ByteWriter()
    .u8(version)
    .raw(fromHex(request.digest))
    .varint(request.parts)
    .raw(bitmap)
    .finish();
}

/** Unpacks a request for missing parts. Throws `malformed` or `newer-version`. */
export function decodeMissing(bytes: Uint8Array): MissingParts {
  const reader = new ByteReader(bytes);
  const written = reader.u8();
  if (written !== version) {
    throw new FleetError('newer-version', `This bitmap has layout ${written}, we read ${version}.`);
  }
  const digest = toHex(reader.raw(32));
  const parts = reader.varint(mostParts);
  const bitmap = reader.raw(Math.ceil(parts / 8));
  reader.end();
  const missing: number[] = [];
  for (let part = 0; part < parts; part++) {
    if (((bitmap[part >> 3] ?? 0) >> (part & 7)) & 1) missing.push(part);
  }
  return { digest, parts, missing };
}
