/**
 * The arithmetic of int8 quantization: real = scale * (q - zero). Every step has the precision and
 * the rounding that onnxruntime.quantization 1.30 (quant_utils.py) has, so that both give the same
 * bytes: ranges subtracted in float32, scales divided in float64 and stored in float32, values divided in
 * float32, ties to even.
 */

/** Scale and zero point of one tensor, or of one channel. */
export interface Params {
  /** A float32 number. */
  readonly scale: number;
  readonly zero: number;
}

/** The integers that a range is spread over. */
export interface Grid {
  readonly least: number;
  readonly greatest: number;
  /** Whether zero sits in the middle. */
  readonly symmetric: boolean;
}

/** Element types that int8 graphs compute with. */
export type ByteType = 'int8' | 'uint8';

/** All values of each type; numbers are clipped to these where their range was not narrowed. */
export const limits = {
  int8: { least: -128, greatest: 127 },
  uint8: { least: 0, greatest: 255 },
} as const satisfies Record<ByteType, { least: number; greatest: number }>;

/** Smallest normal float32: a finer scale means that the tensor is zero throughout. */
const smallestScale = 2 ** -126;

/**
 * The grid of a tensor. A reduced range leaves one bit free, for processors that add products of
 * bytes in 16 bits (x64 without VNNI).
 */
export function gridOf(
  type: ByteType,
  { symmetric, reduced }: { readonly symmetric: boolean; readonly reduced: boolean },
): Grid {
  if (reduced)
    return {
      ...(type === 'int8' ? { least: -64, greatest: 64 } : { least: 0, greatest: 127 }),
      symmetric,
    };
  if (symmetric && type === 'int8') return { least: -127, greatest: 127, symmetric };
  return { ...limits[type], symmetric };
}

/** Scale and zero point for float32 numbers between `min` and `max`; zero is always included. */
export function paramsFor(min: number, max: number, grid: Grid): Params {
  let low = Math.min(Math.fround(min), 0);
  let high = Math.max(Math.fround(max), 0);
  if (grid.symmetric) {
    high = Math.max(-low, high);
    low = -high;
  }
  const scale = Math.fround(high - low) / (grid.greatest - grid.least);
  if (scale < smallestScale) return { scale: 1, zero: 0 };
  const zero = grid.symmetric
    ? roundHalfEven((grid.least + grid.greatest) / 2)
    : roundHalfEven(grid.least - low / scale);
  return { scale: Math.fround(scale), zero };
}

/** How many bits of an int8 weight carry information. */
export type WeightBits = 8 | 4 | 3 | 2;

/** The grid of a weight with fewer bits: as many steps to either side of zero. */
export function narrowGrid(bits: WeightBits): Grid {
  const greatest = 2 ** (bits - 1) - 1;
  return { least: -greatest, greatest, symmetric: true };
}

/** The least and the greatest integer that a number may become. */
export interface Limits {
  readonly least: number;
  readonly greatest: number;
}

/** The numbers that a grid can hold. */
export interface GridSpan {
  readonly least: number;
  readonly greatest: number;
  /** Between two neighbours. */
  readonly step: number;
}

/** What integers of a type hold with these parameters. */
export function spanOf({ scale, zero }: Params, type: ByteType): GridSpan {
  const { least, greatest } = limits[type];
  return { least: scale * (least - zero), greatest: scale * (greatest - zero), step: scale };
}

/** A float32 number on its grid, clipped to the limits. */
export function quantizeNumber(
  value: number,
  { scale, zero }: Params,
  { least, greatest }: Limits,
): number {
  const onGrid = roundHalfEven(Math.fround(value / scale)) + zero;
  return Math.min(Math.max(onGrid, least), greatest);
}

/** The scale of a bias, which is added to sums of products of input and weight. */
export function biasScale(inputScale: number, weightScale: number, beta: number): number {
  return Math.fround(Math.fround(inputScale * weightScale) * Math.fround(beta));
}

/** A bias as int32, zero point 0. */
export function quantizeBias(value: number, scale: number): number {
  return Math.min(Math.max(roundHalfEven(value / scale), -(2 ** 31)), 2 ** 31 - 1);
}

const biasMargin = 1.0001;
const biasSpan = 2 * (2 ** 31 - 1);

/**
 * The weight scale, enlarged where the bias would not fit 32 bits otherwise. `perChannel` decides
 * the precision of the bound: float32 for one channel's bias, float64 for the greatest of a tensor.
 */
export function fittingWeightScale(
  weightScale: number,
  inputScale: number,
  greatestBias: number,
  { perChannel }: { readonly perChannel: boolean },
): number {
  const margin = perChannel
    ? Math.fround(Math.fround(biasMargin) * Math.fround(2 * greatestBias))
    : biasMargin * (2 * greatestBias);
  const smallest = margin / biasSpan;
  const candidate = inputScale * weightScale;
  if (candidate >= smallest || candidate <= 0) return weightScale;
  return Math.fround(weightScale * (smallest / candidate));
}

/** At this magnitude a double has no bits left for a fraction. */
const noFraction = 1.5 * 2 ** 52;

/**
 * IEEE 754 roundTiesToEven to an integer, for magnitudes below 2^51; above, it stays as large.
 */
export function roundHalfEven(value: number): number {
  return value + noFraction - noFraction;
}
