import type { FieldSample } from '@edgewise/protocol/http';

const shades = ' .:-=+*#%@';
/** More numbers than this say little on a terminal. */
const mostNumbers = 64;

/** A sample in characters: a grey picture in shades, a few numbers as they are, else its shape. */
export function showSample(
  bytes: Uint8Array,
  { dims, dtype }: Pick<FieldSample, 'dims' | 'dtype'>,
): string {
  const [height = 1, width = 1, ...rest] = dims.filter((size) => size > 1);
  const isPicture = height > 1 && width > 1 && width <= 120 && rest.length === 0;
  if (dtype === 'uint8' && isPicture && height * width === bytes.length) {
    return picture(bytes, width);
  }
  const numbers = numbersOf(bytes, dtype);
  return numbers === undefined || numbers.length > mostNumbers
    ? `A sample of ${dtype} [${dims.join(', ')}]; the console may show it.`
    : numbers.map((value) => Number(value.toPrecision(6))).join('  ');
}

function picture(bytes: Uint8Array, width: number): string {
  const rows: string[] = [];
  for (let start = 0; start < bytes.length; start += width) {
    const cells = Array.from(bytes.subarray(start, start + width), (value) =>
      (shades[Math.floor((value / 256) * shades.length)] ?? ' ').repeat(2),
    );
    rows.push(cells.join(''));
  }
  return rows.join('\n');
}

function numbersOf(bytes: Uint8Array, dtype: string): readonly number[] | undefined {
  if (dtype === 'uint8') return [...bytes];
  if (dtype !== 'float32' || bytes.length % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
}
