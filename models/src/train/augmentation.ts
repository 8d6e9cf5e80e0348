import Type, { type Static } from 'typebox';
import type { Random } from './random.ts';

/** How training images are varied; each is drawn anew for every sample and epoch. Absent: not varied. */
export const Augmentation = Type.Object(
  {
    /** Largest shift along each axis, in pixels. */
    shiftPixels: Type.Optional(Type.Number({ minimum: 0, maximum: 64 })),
    /** Largest rotation about the centre, in degrees. */
    rotateDegrees: Type.Optional(Type.Number({ minimum: 0, maximum: 180 })),
    /** Bounds of the factor that values are multiplied with, about zero. */
    contrast: Type.Optional(
      Type.Object(
        {
          low: Type.Number({ minimum: 0, maximum: 4 }),
          high: Type.Number({ minimum: 0, maximum: 4 }),
        },
        { additionalProperties: false },
      ),
    ),
    /** Half width of the uniform noise added to each value, in units of the input. */
    noise: Type.Optional(Type.Number({ minimum: 0 })),
  },
  { additionalProperties: false },
);
export type Augmentation = Static<typeof Augmentation>;

/** Numbers of one or more samples, in the input's own type. */
export type SampleData = Uint8Array | Float32Array;

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
      channels: first,
      height: second,
      width: third,
      channelStride: second * third,
      rowStride: third,
      columnStride: 1,
    };
  }
  return {
    height: first,
    width: second,
    channels: third,
    rowStride: second * third,
    columnStride: third,
    channelStride: 1,
  };
}

/**
 * Writes a varied copy of one image: moved and turned with bilinear interpolation (zero outside),
 * then contrast, then noise. Draws the same numbers whatever the image holds.
 */
export function augmentImage(
  source: SampleData,
  target: SampleData,
  options: {
    readonly layout: ImageLayout;
    readonly augmentation: Augmentation;
    readonly random: Random;
  },
): void {
  const { layout, augmentation, random } = options;
  const { shiftPixels = 0, rotateDegrees = 0, contrast, noise = 0 } = augmentation;
  const angle = (random.between(-rotateDegrees, rotateDegrees) * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const shiftX = random.between(-shiftPixels, shiftPixels);
  const shiftY = random.between(-shiftPixels, shiftPixels);
  const factor = contrast === undefined ? 1 : random.between(contrast.low, contrast.high);
  const highest = target instanceof Uint8Array ? 255 : Number.POSITIVE_INFINITY;
  const lowest = target instanceof Uint8Array ? 0 : Number.NEGATIVE_INFINITY;
  const round = target instanceof Uint8Array ? Math.round : (value: number) => value;
  const { height, width, channels } = layout;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = column - middleX - shiftX;
      const y = row - middleY - shiftY;
      const fromX = cosine * x + sine * y + middleX;
      const fromY = cosine * y - sine * x + middleY;
      for (let channel = 0; channel < channels; channel++) {
        let value = factor * interpolate(source, layout, { x: fromX, y: fromY, channel });
        if (noise > 0) value += random.between(-noise, noise);
        const place =
          row * layout.rowStride + column * layout.columnStride + channel * layout.channelStride;
        target[place] = Math.min(highest, Math.max(lowest, round(value)));
      }
    }
  }
}

function interpolate(
  source: SampleData,
  layout: ImageLayout,
  point: { readonly x: number; readonly y: number; readonly channel: number },
): number {
  const { height, width, rowStride, columnStride, channelStride } = layout;
  const left = Math.floor(point.x);
  const top = Math.floor(point.y);
  const [shareX, shareY] = [point.x - left, point.y - top];
  const value = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= width || row >= height
      ? 0
      : (source[row * rowStride + column * columnStride + point.channel * channelStride] ?? 0);
  const upper = value(left, top) * (1 - shareX) + value(left + 1, top) * shareX;
  const lower = value(left, top + 1) * (1 - shareX) + value(left + 1, top + 1) * shareX;
  return upper * (1 - shareY) + lower * shareY;
}
