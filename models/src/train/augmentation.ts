import Type, { type Static } from 'typebox';
import type { Random } from '../random/random.ts';

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
  const { height, width, channels, rowStride, columnStride, channelStride } = layout;
  const angle = (random.between(-rotateDegrees, rotateDegrees) * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const shiftX = random.between(-shiftPixels, shiftPixels);
  const shiftY = random.between(-shiftPixels, shiftPixels);
  const factor = contrast === undefined ? 1 : random.between(contrast.low, contrast.high);
  const sample = createSampler(source, layout);
  const store = createStore(target);
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let row = 0; row < height; row++) {
    const y = row - middleY - shiftY;
    for (let column = 0; column < width; column++) {
      const x = column - middleX - shiftX;
      const fromX = cosine * x + sine * y + middleX;
      const fromY = cosine * y - sine * x + middleY;
      const place = row * rowStride + column * columnStride;
      for (let channel = 0; channel < channels; channel++) {
        const grain = noise > 0 ? random.between(-noise, noise) : 0;
        const value = factor * sample(fromX, fromY, channel) + grain;
        store(place + channel * channelStride, value);
      }
    }
  }
}

/** Bytes are rounded and clamped, floats taken as they are. */
function createStore(target: SampleData): (place: number, value: number) => void {
  if (target instanceof Uint8Array) {
    return (place, value) => {
      target[place] = value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
    };
  }
  return (place, value) => {
    target[place] = value;
  };
}

/** Reads an image between its pixels, bilinearly; what lies outside is zero. */
function createSampler(
  source: SampleData,
  { height, width, rowStride, columnStride, channelStride }: ImageLayout,
): (x: number, y: number, channel: number) => number {
  const pixel = (column: number, row: number, channel: number): number =>
    column < 0 || row < 0 || column >= width || row >= height
      ? 0
      : (source[row * rowStride + column * columnStride + channel * channelStride] ?? 0);
  return (x, y, channel) => {
    const left = Math.floor(x);
    const top = Math.floor(y);
    if (left < -1 || top < -1 || left >= width || top >= height) return 0;
    const shareX = x - left;
    const shareY = y - top;
    const upper = pixel(left, top, channel) * (1 - shareX) + pixel(left + 1, top, channel) * shareX;
    const lower =
      pixel(left, top + 1, channel) * (1 - shareX) + pixel(left + 1, top + 1, channel) * shareX;
    return upper * (1 - shareY) + lower * shareY;
  };
}
