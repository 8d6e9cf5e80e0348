import type { Random } from '../random/random.ts';
import type { Augmentation, SampleData } from './augmentation.ts';
import { byteOf } from './byte-of.ts';

/** Where the numbers of a series are; a vector is a series of one step. */
export interface SeriesLayout {
  readonly steps: number;
  readonly channels: number;
  /** Distances between neighbours along each axis, in elements. */
  readonly stepStride: number;
  readonly channelStride: number;
}

interface Options {
  readonly layout: SeriesLayout;
  readonly augmentation: Augmentation;
  readonly random: Random;
}

/**
 * Writes a varied copy of a series or vector: moved in time, multiplied, offset per channel, with
 * noise, then partly hidden. Draws the same numbers whatever the sample holds.
 */
export function augmentNumbers(source: SampleData, target: SampleData, options: Options): void {
  const { layout, augmentation, random } = options;
  const { steps, channels, stepStride, channelStride } = layout;
  const { shiftSteps = 0, contrast, drift = 0, noise = 0, mask = 0 } = augmentation;
  const shift = shiftSteps === 0 ? 0 : random.below(2 * shiftSteps + 1) - shiftSteps;
  const factor = contrast === undefined ? 1 : random.between(contrast.low, contrast.high);
  const isBytes = target instanceof Uint8Array;
  for (let channel = 0; channel < channels; channel++) {
    const offset = drift === 0 ? 0 : random.between(-drift, drift);
    for (let step = 0; step < steps; step++) {
      const from = Math.min(steps - 1, Math.max(0, step - shift));
      const grain = noise === 0 ? 0 : random.between(-noise, noise);
      const seen = source[from * stepStride + channel * channelStride] ?? 0;
      const value = factor * seen + offset + grain;
      target[step * stepStride + channel * channelStride] = isBytes ? byteOf(value) : value;
    }
  }
  if (mask > 0) hide(target, { layout, share: mask, random });
}

function hide(
  target: SampleData,
  options: { readonly layout: SeriesLayout; readonly share: number; readonly random: Random },
): void {
  const { share, random, layout } = options;
  const { steps, channels, stepStride, channelStride } = layout;
  if (steps === 1) {
    for (let at = 0; at < target.length; at++) if (random.next() < share) target[at] = 0;
    return;
  }
  const length = random.below(Math.floor(share * steps) + 1);
  const start = random.below(steps - length + 1);
  for (let step = start; step < start + length; step++) {
    for (let channel = 0; channel < channels; channel++) {
      target[step * stepStride + channel * channelStride] = 0;
    }
  }
}
