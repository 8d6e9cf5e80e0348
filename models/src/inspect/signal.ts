import type { Tensor } from '../tensor/tensor.ts';

/** Sums over all numbers seen so far of a value and of what came instead. */
export interface SignalNoise {
  add(wanted: Tensor, given: Tensor): void;
  /**
   * Signal to quantization noise in dB: 10 log10(sum x^2 / sum (x - y)^2). `Infinity` without any
   * noise, `-Infinity` when one is not finite where the other is something else, `undefined` when the
   * signal is nothing but zeros or nothing was compared. What both have alike and is not finite does
   * not count.
   */
  sqnrDb(): number | undefined;
  /** Largest absolute difference of one element. */
  largest(): number;
}

/** Starts with nothing seen. `add` throws `RangeError` for tensors of different lengths. */
export function createSignalNoise(): SignalNoise {
  let signal = 0;
  let noise = 0;
  let largest = 0;
  return {
    add({ data: wanted }, { data: given }) {
      if (wanted.length !== given.length) {
        throw new RangeError(`${wanted.length} numbers cannot be compared with ${given.length}.`);
      }
      for (let index = 0; index < wanted.length; index++) {
        const x = Number(wanted[index]);
        const difference = distance(x, Number(given[index]));
        if (Number.isFinite(x)) signal += x * x;
        noise += difference * difference;
        largest = Math.max(largest, difference);
      }
    },
    sqnrDb() {
      if (noise === Infinity) return -Infinity;
      return signal === 0 ? undefined : 10 * Math.log10(signal / noise);
    },
    largest: () => largest,
  };
}

/** 0 for what is not finite and alike, `Infinity` for what is not finite and differs. */
function distance(x: number, y: number): number {
  const difference = Math.abs(x - y);
  if (difference < Infinity) return difference;
  return Object.is(x, y) ? 0 : Infinity;
}
