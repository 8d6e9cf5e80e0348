/** What one call of `collect` in Python would be given, seen once before it is counted. */
export interface Portion {
  /** Without NaN. */
  readonly min: number;
  readonly max: number;
  /** Least magnitude. */
  readonly leastMagnitude: number;
  readonly hasNaN: boolean;
  readonly isEmpty: boolean;
}

/** A portion without numbers. */
export const noPortion: Portion = {
  min: Infinity,
  max: -Infinity,
  leastMagnitude: Infinity,
  hasNaN: false,
  isEmpty: true,
};

/** A portion with more numbers. */
export function widened(portion: Portion, data: Float32Array): Portion {
  let { min, max, leastMagnitude, hasNaN } = portion;
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if (value < min) min = value;
    if (value > max) max = value;
    const magnitude = Math.abs(value);
    if (magnitude < leastMagnitude) leastMagnitude = magnitude;
    if (Number.isNaN(value)) hasNaN = true;
  }
  return { min, max, leastMagnitude, hasNaN, isEmpty: portion.isEmpty && data.length === 0 };
}
