import { crc32, deflateSync } from 'node:zlib';

/** Writes an 8-bit grey picture as PNG (ISO/IEC 15948). */
export function greyPng(pixels: Uint8Array, width: number): Uint8Array {
  const height = pixels.length / width;
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y += 1)
    lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** Which of the segments top, upper left, upper right, middle, lower left, lower right, bottom a digit lights. */
const segments = [
  '1110111',
  '0010010',
  '1011101',
  '1011011',
  '0111010',
  '1101011',
  '1101111',
  '1010010',
  '1111111',
  '1111011',
];
const places = [
  [8, 4, 19, 4],
  [8, 4, 8, 14],
  [19, 4, 19, 14],
  [8, 14, 19, 14],
  [8, 14, 8, 24],
  [19, 14, 19, 24],
  [8, 24, 19, 24],
] as const;

/** A digit of seven strokes, soft and slanted, 28 x 28. */
export function digitPicture(digit: number, slant: number): Uint8Array {
  const lit = segments[digit] ?? '';
  const pixels = new Uint8Array(28 * 28);
  for (let y = 0; y < 28; y += 1)
    for (let x = 0; x < 28; x += 1) {
      const at = x + slant * (y - 14);
      const near = Math.min(
        ...places.filter((_, index) => lit[index] === '1').map((place) => distance(at, y, place)),
      );
      pixels[y * 28 + x] = Math.round(235 * Math.max(0, Math.min(1, 2.1 - near)));
    }
  return pixels;
}

function distance(x: number, y: number, [x1, y1, x2, y2]: (typeof places)[number]): number {
  const nearX = Math.max(x1, Math.min(x2, x));
  const nearY = Math.max(y1, Math.min(y2, y));
  return Math.hypot(x - nearX, y - nearY);
}
