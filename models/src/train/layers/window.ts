import Type from 'typebox';
import type { Misfit } from './layer.ts';

/** Schema of the size, stride or spread of a window. */
export const Size = Type.Integer({ minimum: 1, maximum: 64 });

/** A window that slides over all inner axes of a sample; defaults: stride 1, `same`, dilation 1. */
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

/** Sizes of one sample `[channels, ...]` after the window, or why it does not fit. */
export function slideOver(
  dims: readonly number[],
  window: Window,
  channels: number,
): readonly number[] | Misfit {
  const inner = dims.slice(1);
  if (inner.length === 0) {
    return { misfit: 'it needs an image or a series, but the layers before it give a vector' };
  }
  const sizes = inner.map((size) => slide(size, window).positions);
  if (sizes.some((size) => size < 1)) {
    return { misfit: `its window of ${window.kernel} does not fit into ${inner.join(' x ')}` };
  }
  return [channels, ...sizes];
}
