import { imageBytes } from './mnist.ts';

/** What is wrong with a camera. */
export interface Wear {
  /** Factor on brightness above black: 1 is new, 0.4 is badly faded. */
  readonly contrast: number;
  /** Degrees by which the mount has tilted. */
  readonly tiltDegrees: number;
}

/** No wear. */
export const likeNew: Wear = { contrast: 1, tiltDegrees: 0 };

/** The wear a share of the way, 0 to 1, from new to `end`. */
export function wornBy(end: Wear, share: number): Wear {
  return { contrast: 1 + (end.contrast - 1) * share, tiltDegrees: end.tiltDegrees * share };
}

const side = Math.sqrt(imageBytes);
const centre = (side - 1) / 2;

/** What a worn camera sees: the scene turned about its centre (bilinear) and faded. */
export function seenThrough(pixels: Uint8Array, { contrast, tiltDegrees }: Wear): Uint8Array {
  if (contrast === 1 && tiltDegrees === 0) return pixels;
  const angle = (tiltDegrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const seen = new Uint8Array(imageBytes);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const x = (column - centre) * cos + (row - centre) * sin + centre;
      const y = (row - centre) * cos - (column - centre) * sin + centre;
      seen[row * side + column] = Math.round(bilinear(pixels, x, y) * contrast);
    }
  }
  return seen;
}

function bilinear(pixels: Uint8Array, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, down] = [x - left, y - top];
  const upper = pixelAt(pixels, left, top) * (1 - right) + pixelAt(pixels, left + 1, top) * right;
  const lower =
    pixelAt(pixels, left, top + 1) * (1 - right) + pixelAt(pixels, left + 1, top + 1) * right;
  return upper * (1 - down) + lower * down;
}

function pixelAt(pixels: Uint8Array, x: number, y: number): number {
  if (x < 0 || y < 0 || x >= side || y >= side) return 0;
  return pixels[y * side + x] ?? 0;
}
