import { FleetError } from '@edgewise/protocol';

/** What the decoder needs of a PNG file. */
export interface PngFile {
  readonly header: PngHeader;
  /** Red, green and blue of each entry. */
  readonly palette: Uint8Array;
  /** The compressed pixels of all IDAT chunks. */
  readonly data: Uint8Array;
}

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly colorType: number;
  /** Samples per pixel. */
  readonly samples: number;
}

/** Colour types (PNG Specification, 11.2.1). */
export const colorTypes = { grey: 0, colour: 2, palette: 3, greyAlpha: 4, colourAlpha: 6 } as const;

const samplesOf: ReadonlyMap<number, number> = new Map([
  [colorTypes.grey, 1],
  [colorTypes.colour, 3],
  [colorTypes.palette, 1],
  [colorTypes.greyAlpha, 2],
  [colorTypes.colourAlpha, 4],
]);

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** Reads a PNG file up to IEND. Throws `malformed` or `unsupported`. */
export function readPngChunks(bytes: Uint8Array): PngFile {
  let header: PngHeader | undefined;
  let palette = new Uint8Array();
  const parts: Uint8Array[] = [];
  for (const { name, body } of chunksOf(bytes)) {
    if (name === 'IHDR') header = readHeader(body);
    else if (name === 'PLTE') palette = body.slice();
    else if (name === 'IDAT') parts.push(body);
  }
  if (header === undefined || parts.length === 0) throw wrong('it has no header or no pixels');
  return { header, palette, data: join(parts) };
}

interface Chunk {
  readonly name: string;
  readonly body: Uint8Array;
}

/** Every chunk up to IEND, which must be there. */
function* chunksOf(bytes: Uint8Array): Generator<Chunk> {
  if (signature.some((byte, index) => bytes[index] !== byte)) {
    throw wrong('it does not begin as one');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = signature.length; ; ) {
    const length = at + 12 > bytes.length ? Infinity : view.getUint32(at);
    if (at + 12 + length > bytes.length) throw wrong('it ends too early');
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === 'IEND') return;
    yield { name, body: bytes.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

function readHeader(body: Uint8Array): PngHeader {
  if (body.length !== 13) throw wrong('its header has another length');
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [bitDepth = 0, colorType = 0, compression, filter, interlace] = body.subarray(8);
  const samples = samplesOf.get(colorType);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const isKnown = compression === 0 && filter === 0 && [1, 2, 4, 8, 16].includes(bitDepth);
  const isWhole = samples !== undefined && (bitDepth >= 8 || samples === 1);
  if (width === 0 || height === 0 || !isKnown || !isWhole) throw wrong('its header makes no sense');
  if (interlace !== 0) {
    throw new FleetError('unsupported', 'Interlaced PNG files cannot be read; save it without.');
  }
  return { width, height, bitDepth, colorType, samples };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function wrong(why: string): FleetError {
  return new FleetError('malformed', `This is no PNG file: ${why}.`);
}
