/** Decoding of the floating-point formats that JavaScript has no array for. */
import type { Initializer } from './graph.ts';

/**
 * The numbers of a float16, bfloat16, float32 or float64 constant as float32, rounded to nearest
 * where they are finer; `undefined` for other types. A float32 constant's own numbers, not a copy.
 */
export function float32sOf(constant: Initializer): Float32Array | undefined {
  const { dtype, data } = constant;
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return Float32Array.from(data);
  if (!(data instanceof Uint8Array)) return undefined;
  if (dtype === 'float16') return Float32Array.from(sixteenBits(data), floatOfHalf);
  if (dtype !== 'bfloat16') return undefined;
  // The upper half of a float32.
  return new Float32Array(Uint32Array.from(sixteenBits(data), (bits) => bits * 65_536).buffer);
}

function sixteenBits({ buffer, byteOffset, byteLength }: Uint8Array): Uint16Array {
  const aligned = byteOffset % 2 === 0 ? byteOffset : undefined;
  if (aligned !== undefined) return new Uint16Array(buffer, aligned, byteLength / 2);
  return new Uint16Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

/** The number of a bit pattern of IEEE 754 binary16: one sign bit, five of the exponent, ten of the fraction. */
export function floatOfHalf(bits: number): number {
  const sign = bits < 0x8000 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
