import { float32sOf, type Initializer } from '@edgewise/models/onnx';
import type { Tensor } from 'onnxruntime-node';

/** How far outputs may lie from those of a case, as ONNX's own backend tests allow. */
const relative = 1e-3;
const absolute = 1e-6;

/** Whether the engine gave what a case expects: type, sizes and numbers. */
export function isAsExpected(
  given: Tensor | undefined,
  expected: Initializer | undefined,
): boolean {
  if (given === undefined || expected === undefined) return false;
  if (given.type !== expected.dtype || given.dims.join() !== expected.dims.join()) return false;
  if (Array.isArray(expected.data)) {
    const texts = expected.data.map((bytes) => new TextDecoder().decode(bytes));
    return texts.every((text, at) => text === (given.data as readonly string[])[at]);
  }
  const wanted = float32sOf(expected) ?? (expected.data as ArrayLike<number | bigint>);
  return areNear(numbersOf(given), wanted);
}

/** Whether two runs gave the same: the same bits, or numbers that differ by rounding alone. */
export function areEqual(
  one: readonly (Tensor | undefined)[],
  other: readonly (Tensor | undefined)[],
  within: 'bits' | 'rounding' = 'bits',
): boolean {
  return one.every((tensor, at) => {
    const twin = other[at];
    if (tensor === undefined || twin === undefined) return tensor === twin;
    if (tensor.type !== twin.type || tensor.dims?.join() !== twin.dims?.join()) return false;
    const [left, right] = [tensor.data, twin.data] as readonly ArrayLike<unknown>[];
    if (left?.length !== right?.length) return false;
    const same = within === 'bits' ? Object.is : isRounding;
    return Array.from(left ?? []).every((value, index) => same(value, right?.[index]));
  });
}

function isRounding(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'number' || typeof other !== 'number') return false;
  return Math.abs(one - other) <= 1e-6 * Math.max(Math.abs(one), Math.abs(other), 1);
}

function numbersOf(tensor: Tensor): ArrayLike<number | bigint> {
  const { type, data } = tensor;
  if (type !== 'float16' || !(data instanceof Uint16Array)) return data as Float32Array;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return float32sOf({ dtype: 'float16', dims: tensor.dims, data: bytes }) ?? [];
}

function areNear(given: ArrayLike<number | bigint>, wanted: ArrayLike<number | bigint>): boolean {
  if (given.length !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at++) {
    const [left, right] = [Number(given[at]), Number(wanted[at])];
    if (Object.is(left, right) || left === right) continue;
    if (!(Math.abs(left - right) <= absolute + relative * Math.abs(right))) return false;
  }
  return true;
}
