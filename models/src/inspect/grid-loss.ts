import { type Limits, type Params, roundHalfEven } from '../shrink/quantize/formulas.ts';

/** A grid of integers and its ends. */
export interface LossOnGrid extends Params, Limits {}

/** What laying numbers on a grid costs. */
export interface GridLoss {
  /** How many numbers were laid on it. */
  readonly numbers: number;
  /** Share of them that its lower and its upper end moves by more than rounding would, 0 to 1. */
  readonly clippedBelow: number;
  readonly clippedAbove: number;
  /** Signal to noise of this grid alone, in dB; `undefined` when all numbers are zero. */
  readonly ownSqnrDb: number | undefined;
}

/** Lays numbers on a grid and keeps account. */
export function createGridLoss(grid: LossOnGrid): {
  add(data: Float32Array): void;
  result(): GridLoss;
} {
  const { scale, zero, least, greatest } = grid;
  const [low, high] = [scale * (least - zero - 0.5), scale * (greatest - zero + 0.5)];
  let numbers = 0;
  let below = 0;
  let above = 0;
  let signal = 0;
  let noise = 0;
  return {
    add(data) {
      numbers += data.length;
      for (let at = 0; at < data.length; at++) {
        const value = data[at] ?? 0;
        if (value < low) below++;
        else if (value > high) above++;
        const onGrid = roundHalfEven(Math.fround(value / scale)) + zero;
        const kept = Math.min(Math.max(onGrid, least), greatest);
        const error = value - (kept - zero) * scale;
        signal += value * value;
        noise += error * error;
      }
    },
    result: () => ({
      numbers,
      clippedBelow: numbers === 0 ? 0 : below / numbers,
      clippedAbove: numbers === 0 ? 0 : above / numbers,
      ownSqnrDb: signal === 0 ? undefined : 10 * Math.log10(signal / noise),
    }),
  };
}
