import { FleetError } from '@edgewise/protocol';
import type { FieldSample } from '@edgewise/protocol/http';
import sharp from 'sharp';

/**
 * A sample as a PNG, pixel for pixel. Inputs of [height, width], [height, width, 1 or 3] and
 * [1 or 3, height, width] are pictures; numbers are stretched from their least to their greatest.
 * Rejects with `unsupported` for anything else.
 */
export async function drawSample(
  bytes: Uint8Array,
  { dims, dtype }: Pick<FieldSample, 'dims' | 'dtype'>,
): Promise<Uint8Array> {
  const layout = layoutOf(dims);
  const isKnown = dtype === 'uint8' || dtype === 'float32';
  if (layout === undefined || !isKnown) {
    const what = `${dtype} of [${dims.join(', ')}]`;
    throw new FleetError('unsupported', `An input that is ${what} has no picture; get it raw.`);
  }
  const { height, width, channels, isPlanar } = layout;
  const pixels = dtype === 'uint8' ? bytes : stretch(new Float32Array(bytes.slice().buffer));
  const raw = isPlanar ? interleave(pixels, channels) : pixels;
  return await sharp(raw, { raw: { width, height, channels } })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .png()
    .toBuffer();
}

interface PictureLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Channels come one after the other, not pixel by pixel. */
  readonly isPlanar: boolean;
}

function layoutOf([first = 0, second = 0, third]: readonly number[]): PictureLayout | undefined {
  if (third === undefined) {
    const isPicture = first > 1 && second > 1;
    return isPicture ? { height: first, width: second, channels: 1, isPlanar: false } : undefined;
  }
  if (third === 1 || third === 3) {
    return { height: first, width: second, channels: third, isPlanar: false };
  }
  if (first === 1 || first === 3) {
    return { height: second, width: third, channels: first, isPlanar: true };
  }
  return undefined;
}

function stretch(numbers: Float32Array): Uint8Array {
  let low = Infinity;
  let high = -Infinity;
  for (const number of numbers) {
    if (number < low) low = number;
    if (number > high) high = number;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return Uint8Array.from(numbers, (number) => Math.round((number - low) * scale));
}

function interleave(planes: Uint8Array, channels: number): Uint8Array {
  const size = planes.length / channels;
  return Uint8Array.from(
    { length: planes.length },
    (_, at) => planes[(at % channels) * size + Math.floor(at / channels)] ?? 0,
  );
}
