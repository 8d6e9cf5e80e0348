/**
 * The float32 arithmetic of NumPy 2 that histograms and divergences are made of. Every operation is
 * done in double precision and rounded once, which for + - * / equals float32 arithmetic.
 */

const { fround } = Math;

/** `numpy.linspace(start, stop, count)` of float32 numbers. */
export function linspace(start: number, stop: number, count: number): Float32Array {
  const delta = fround(stop - start);
  const step = fround(delta / (count - 1));
  const numbers = new Float32Array(count);
  for (let at = 0; at < count; at++) {
    const moved = step === 0 ? fround(fround(at / (count - 1)) * delta) : fround(at * step);
    numbers[at] = fround(moved + start);
  }
  numbers[count - 1] = stop;
  return numbers;
}

/** `numpy.arange(start, stop, step)` of float32 scalars: the step is the one between the first two. */
export function arange(start: number, stop: number, step: number): Float32Array {
  const length = Math.max(0, Math.ceil(fround(fround(stop - start) / step)));
  const second = fround(start + step);
  const delta = fround(second - start);
  return Float32Array.from({ length }, (_, at) =>
    at === 0 ? start : at === 1 ? second : fround(start + fround(at * delta)),
  );
}

/** `a // b` of positive float32 numbers (npy_floor_dividef). */
export function floorDivide(a: number, b: number): number {
  const quotient = fround(fround(a - fround(a % b)) / b);
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/** `numpy.sum` of float32 numbers: pairwise, eight at a time (loops_utils, `pairwise_sum`). */
export function pairwiseSum(numbers: Float32Array): number {
  const { length } = numbers;
  if (length > 128) {
    const half = Math.floor(length / 2);
    const split = half - (half % 8);
    return fround(pairwiseSum(numbers.subarray(0, split)) + pairwiseSum(numbers.subarray(split)));
  }
  if (length < 8) return sequentialSum(numbers, 0, -0);
  const whole = length - (length % 8);
  const lanes = numbers.slice(0, 8);
  for (let at = 8; at < whole; at++) {
    lanes[at % 8] = (lanes[at % 8] as number) + (numbers[at] as number);
  }
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = lanes;
  const front = fround(fround(a + b) + fround(c + d));
  const back = fround(fround(e + f) + fround(g + h));
  return sequentialSum(numbers, whole, fround(front + back));
}

function sequentialSum(numbers: Float32Array, start: number, first: number): number {
  let sum = first;
  for (let at = start; at < numbers.length; at++) sum = fround(sum + (numbers[at] as number));
  return sum;
}
