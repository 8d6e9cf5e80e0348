import { ints } from '../../onnx/builder.ts';
import type { Attribute } from '../../onnx/graph.ts';
import type { Site } from '../site.ts';
import type { Dims } from '../value.ts';

/** A window that slides over the spatial axes. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** The positions of a window and the attributes that make ONNX take the same ones. */
export interface Slide {
  /** Sizes after the window, per spatial axis. */
  readonly dims: Dims;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/**
 * How a layer's `padding` slides a window: `valid`, `same` (as many positions as size / stride,
 * rounded up, with the odd cell at the end) or `causal` (all cells before the first).
 */
export function slide(site: Site, sizes: Dims, window: Window): Slide {
  const padding = site.layer.config.word('padding', 'valid');
  const axes = window.kernel.map((kernel, axis) => {
    const size = sizes[axis];
    const stride = window.strides[axis] ?? 1;
    const reach = (kernel - 1) * (window.dilations[axis] ?? 1) + 1;
    return { size, stride, reach };
  });
  const base = { kernel_shape: ints(window.kernel), strides: ints(window.strides) };
  switch (padding) {
    case 'valid': {
      const dims = axes.map(({ size, stride, reach }) => steps(size, { stride, reach }));
      return { dims, attributes: base };
    }
    case 'causal': {
      const before = axes.map(({ reach }) => reach - 1);
      const dims = axes.map(({ size, stride }) => steps(size, { stride, reach: 1 }));
      const pads = ints([...before, ...before.map(() => 0)]);
      return { dims, attributes: { ...base, pads } };
    }
    case 'same': {
      const dims = axes.map(({ size, stride }) => steps(size, { stride, reach: 1 }));
      return { dims, attributes: { ...base, ...samePads(axes) } };
    }
    default:
      return site.malformed(`"padding" is ${padding}; known are valid, same and causal`);
  }
}

function steps(
  size: number | undefined,
  { stride, reach }: { readonly stride: number; readonly reach: number },
): number | undefined {
  return size === undefined ? undefined : Math.floor((size - reach) / stride) + 1;
}

function samePads(
  axes: readonly {
    readonly size: number | undefined;
    readonly stride: number;
    readonly reach: number;
  }[],
): Readonly<Record<string, Attribute>> {
  const totals = axes.map(({ size, stride, reach }) => {
    if (size !== undefined)
      return Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
    return stride === 1 ? reach - 1 : undefined;
  });
  if (!totals.every((total) => total !== undefined)) {
    return { auto_pad: { type: 'string', value: new TextEncoder().encode('SAME_UPPER') } };
  }
  const before = totals.map((total) => Math.floor(total / 2));
  return { pads: ints([...before, ...totals.map((total, axis) => total - (before[axis] ?? 0))]) };
}
