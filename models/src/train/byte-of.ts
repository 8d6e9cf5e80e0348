/** A number as a byte of an input: rounded, halves up, and clamped to 0 to 255. */
export const byteOf = (value: number): number =>
  value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
