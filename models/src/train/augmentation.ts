import Type, { type Static } from 'typebox';
import type { Random } from '../random/random.ts';

/** How training samples are varied; each is drawn anew for every sample and epoch. Absent: not varied. */
export const Augmentation = Type.Object(
  {
    /** Images: largest shift along each axis, in pixels. */
    shiftPixels: Type.Optional(Type.Number({ minimum: 0, maximum: 64 })),
    /** Images: largest rotation about the centre, in degrees. */
    rotateDegrees: Type.Optional(Type.Number({ minimum: 0, maximum: 180 })),
    /** Images: whether every second one, on average, is mirrored from left to right. */
    mirror: Type.Optional(Type.Boolean()),
    /** Series: largest shift in time, in steps; the first or last step fills the gap. */
    shiftSteps: Type.Optional(Type.Integer({ minimum: 0, maximum: 4096 })),
    /** Series and vectors: half width of the uniform offset added to a whole channel or number. */
    drift: Type.Optional(Type.Number({ minimum: 0 })),
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
    /**
     * Largest share that is hidden by zeros: of both sides of an image (a rectangle), of the steps of a
     * series (a span), of the numbers of a vector (each by itself).
     */
    mask: Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1 })),
  },
  { additionalProperties: false },
);
export type Augmentation = Static<typeof Augmentation>;

/** Numbers of one or more samples, in the input's own type. */
export type SampleData = Uint8Array | Float32Array;

/** Writes a varied copy of one sample; draws the same numbers whatever the sample holds. */
export type Augment = (source: SampleData, target: SampleData, random: Random) => void;

/** Which setting does not belong to samples of this shape, or `undefined` when all do. */
export function strangeSetting(
  { length }: readonly number[],
  augmentation: Augmentation,
): { readonly setting: string; readonly needs: string } | undefined {
  const needed: readonly (readonly [keyof Augmentation, readonly number[], string])[] = [
    ['shiftPixels', [3], 'images, an input shape of three sizes'],
    ['rotateDegrees', [3], 'images, an input shape of three sizes'],
    ['mirror', [3], 'images, an input shape of three sizes'],
    ['shiftSteps', [2], 'series, an input shape of two sizes'],
    ['drift', [1, 2], 'series or vectors, an input shape of one or two sizes'],
  ];
  const found = needed.find(
    ([setting, ranks]) => augmentation[setting] !== undefined && !ranks.includes(length),
  );
  return found === undefined ? undefined : { setting: found[0], needs: found[2] };
}
