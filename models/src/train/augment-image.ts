import type { Random } from '../random/random.ts';
import type { Augmentation, SampleData } from './augmentation.ts';
import { byteOf } from './byte-of.ts';

/** Where the pixels of an image are. */
export interface ImageLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Distances between neighbours along each axis, in elements. */
  readonly rowStride: number;
  readonly columnStride: number;
  readonly channelStride: number;
}

/** The layout of one sample, or `undefined` when it is not an image. */
export function imageLayout(
  shape: readonly number[],
  order: 'hwc' | 'chw' = 'hwc',
): ImageLayout | undefined {
  const [first = 0, second = 0, third = 0] = shape;
  if (shape.length !== 3) return undefined;
  if (order === 'chw') {
    return {
      ...{ channels: first, height: second, width: third },
      ...{ channelStride: second * third, rowStride: third, columnStride: 1 },
    };
  }
  return {
    ...{ height: first, width: second, channels: third },
    ...{ rowStride: second * third, columnStride: third, channelStride: 1 },
  };
}

interface Options {
  readonly layout: ImageLayout;
  readonly augmentation: Augmentation;
  readonly random: Random;
}

/** Where a pixel comes from and what becomes of it. */
interface Change {
  readonly cosine: number;
  readonly sine: number;
  readonly shiftX: number;
  readonly shiftY: number;
  /** -1 mirrors, else 1. */
  readonly side: number;
  readonly factor: number;
}

/**
 * Writes a varied copy of one image: moved, turned and mirrored with bilinear interpolation (zero
 * outside), then contrast, noise, and a rectangle of zeros. Draws the same numbers whatever the image
 * holds.
 */
export function augmentImage(source: SampleData, target: SampleData, options: Options): void {
  const { layout, augmentation, random } = options;
  const { height, width, channels, rowStride, columnStride, channelStride } = layout;
  const { noise = 0, mask = 0 } = augmentation;
  const change = drawChange(augmentation, random);
  const { cosine, sine, side, factor } = change;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const isBytes = target instanceof Uint8Array;
  for (let row = 0; row < height; row++) {
    const y = row - middleY - change.shiftY;
    for (let column = 0; column < width; column++) {
      const x = side * (column - middleX) - change.shiftX;
      const fromX = cosine * x + sine * y + middleX;
      const fromY = cosine * y - sine * x + middleY;
      const place = row * rowStride + column * columnStride;
      for (let channel = 0; channel < channels; channel++) {
        const offset = channel * channelStride;
        const grain = noise > 0 ? random.between(-noise, noise) : 0;
        const value = factor * sampleAt(source, layout, { x: fromX, y: fromY, offset }) + grain;
        target[place + offset] = isBytes ? byteOf(value) : value;
      }
    }
  }
  if (mask > 0) hide(target, { layout, share: mask, random });
}

function drawChange(augmentation: Augmentation, random: Random): Change {
  const { shiftPixels = 0, rotateDegrees = 0, contrast, mirror = false } = augmentation;
  const angle = (random.between(-rotateDegrees, rotateDegrees) * Math.PI) / 180;
  return {
    ...{ cosine: Math.cos(angle), sine: Math.sin(angle) },
    shiftX: random.between(-shiftPixels, shiftPixels),
    shiftY: random.between(-shiftPixels, shiftPixels),
    factor: contrast === undefined ? 1 : random.between(contrast.low, contrast.high),
    side: mirror && random.next() < 0.5 ? -1 : 1,
  };
}

/** The image between its pixels, bilinearly; what lies outside is zero. */
function sampleAt(
  source: SampleData,
  { height, width, rowStride, columnStride }: ImageLayout,
  { x, y, offset }: { readonly x: number; readonly y: number; readonly offset: number },
): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  if (left < -1 || top < -1 || left >= width || top >= height) return 0;
  const shareX = x - left;
  const shareY = y - top;
  const hasLeft = left >= 0;
  const hasRight = left + 1 < width && shareX > 0;
  const corner = top * rowStride + left * columnStride + offset;
  const rowAt = (place: number): number =>
    (hasLeft ? (source[place] ?? 0) * (1 - shareX) : 0) +
    (hasRight ? (source[place + columnStride] ?? 0) * shareX : 0);
  const upper = top >= 0 ? rowAt(corner) * (1 - shareY) : 0;
  return top + 1 < height && shareY > 0 ? upper + rowAt(corner + rowStride) * shareY : upper;
}

function hide(
  target: SampleData,
  options: { readonly layout: ImageLayout; readonly share: number; readonly random: Random },
): void {
  const { share, random, layout } = options;
  const { height, width, channels, rowStride, columnStride, channelStride } = layout;
  const rows = random.below(Math.floor(share * height) + 1);
  const columns = random.below(Math.floor(share * width) + 1);
  const top = random.below(height - rows + 1);
  const left = random.below(width - columns + 1);
  for (let row = top; row < top + rows; row++) {
    for (let at = left * channels; at < (left + columns) * channels; at++) {
      const column = Math.floor(at / channels);
      target[row * rowStride + column * columnStride + (at % channels) * channelStride] = 0;
    }
  }
}
