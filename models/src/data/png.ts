import { FleetError, mebibytes } from '@edgewise/protocol';
import { unzlibSync } from 'fflate';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { colorTypes, type PngFile, readPngChunks } from './png-chunks.ts';
import { unfilter } from './png-filter.ts';

/**
 * Reads a PNG file (PNG Specification, third edition) as uint8 [height, width, channels]: 1 channel
 * for grey, 3 for colours and palettes. Transparency is dropped, 16-bit samples keep their upper
 * byte. Throws `malformed`, `too-large`, or `unsupported` for interlaced files.
 */
export function decodePng(
  bytes: Uint8Array,
  options: { readonly maxBytes?: number } = {},
): Tensor<'uint8'> {
  const file = readPngChunks(bytes);
  const { width, height } = file.header;
  if (width * height * mostBytesPerPixel > (options.maxBytes ?? mebibytes(256))) {
    throw new FleetError('too-large', `An image of ${width} x ${height} is larger than allowed.`);
  }
  return file.header.colorType === colorTypes.palette
    ? colours(file, samplesIn(file))
    : channels(file, samplesIn(file));
}

/** Four samples of 16 bits. */
const mostBytesPerPixel = 8;

/** All samples of the image, one byte each, in the range of their bit depth (16 bits cut to 8). */
function samplesIn({ header, data }: PngFile): Uint8Array {
  const { width, height, bitDepth, samples } = header;
  const perRow = Math.ceil((width * samples * bitDepth) / 8);
  const rows = unfilter(inflate(data, height * (perRow + 1)), {
    height,
    perRow,
    step: Math.ceil((samples * bitDepth) / 8),
  });
  const all = new Uint8Array(height * width * samples);
  const inRow = width * samples;
  for (let index = 0; index < all.length; index++) {
    const bit = (index % inRow) * bitDepth;
    const byte = rows[Math.floor(index / inRow) * perRow + (bit >> 3)] ?? 0;
    all[index] = bitDepth >= 8 ? byte : (byte >> (8 - bitDepth - (bit & 7))) & (2 ** bitDepth - 1);
  }
  return all;
}

function channels({ header }: PngFile, all: Uint8Array): Tensor<'uint8'> {
  const { width, height, bitDepth, samples } = header;
  const kept = samples >= 3 ? 3 : 1;
  const scale = bitDepth < 8 ? 255 / (2 ** bitDepth - 1) : 1;
  const pixels = Uint8Array.from({ length: width * height * kept }, (_, index) => {
    const pixel = Math.floor(index / kept);
    return (all[pixel * samples + (index % kept)] ?? 0) * scale;
  });
  return tensor('uint8', [height, width, kept], pixels);
}

function colours({ header, palette }: PngFile, all: Uint8Array): Tensor<'uint8'> {
  const pixels = new Uint8Array(all.length * 3);
  for (const [pixel, entry] of all.entries()) {
    const colour = palette.subarray(entry * 3, entry * 3 + 3);
    if (colour.length < 3) {
      throw new FleetError('malformed', 'This is no PNG file: a pixel has no colour.');
    }
    pixels.set(colour, pixel * 3);
  }
  return tensor('uint8', [header.height, header.width, 3], pixels);
}

/** Exactly `size` bytes, whatever the packed ones would unpack to. */
function inflate(data: Uint8Array, size: number): Uint8Array {
  let raw: Uint8Array;
  try {
    raw = unzlibSync(data, { out: new Uint8Array(size + 1) });
  } catch (cause) {
    throw new FleetError('malformed', 'The pixels of a PNG file cannot be unpacked.', { cause });
  }
  if (raw.length === size) return raw;
  throw new FleetError('malformed', 'A PNG file holds fewer or more pixels than it says.');
}
