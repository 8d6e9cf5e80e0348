import Type from 'typebox';
import { type Misfit, needsImage } from './layer.ts';

/** Schema of the size, stride or spread of a window. */
export const Size = Type.Integer({ minimum: 1, maximum: 64 });

/** A window that slides over both axes of an image; defaults: stride 1, `same`, dilation 1. */
export interface Window {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: 'same' | 'valid';
  readonly dilation?: number;
}

/** Positions of the window and the cells added at both ends of one axis. */
export function slide(size: number, window: Window) {
  const { kernel, stride = 1, padding = 'same', dilation = 1 } = window;
  const reach = (kernel - 1) * dilation + 1;
  if (padding === 'valid') {
    return { positions: Math.floor((size - reach) / stride) + 1, before: 0, after: 0 };
  }
  const positions = Math.ceil(size / stride);
  const total = Math.max(0, (positions - 1) * stride + reach - size);
  const before = Math.floor(total / 2);
  return { positions, before, after: total - before };
}

/** Sizes of one sample after the window, or why it does not fit. */
export function slideImage(
  dims: readonly number[],
  window: Window,
  channels: number,
): readonly number[] | Misfit {
  const misfit = needsImage(dims);
  if (misfit !== undefined) return misfit;
  const [, height = 0, width = 0] = dims;
  const sizes = [slide(height, window).positions, slide(width, window).positions];
  if (sizes.some((size) => size < 1)) {
    return { misfit: `its window of ${window.kernel} does not fit into ${height} x ${width}` };
  }
  return [channels, ...sizes];
}
