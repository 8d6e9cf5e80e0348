import type { Dim, Known } from './known.ts';
import { compatible, type Rule, type Site } from './site.ts';

/** Convolutions and pools: sizes along the axes that a window slides over. */
export const windowRules: Readonly<Record<string, Rule>> = {
  Conv: (site) => [{ dtype: site.input(0).dtype, dims: convolved(site, 1) }],
  ConvInteger: (site) => [{ dtype: 'int32', dims: convolved(site, 1) }],
  QLinearConv: (site) => [{ dtype: site.input(7).dtype, dims: convolved(site, 3) }],
  ConvTranspose: (site) => {
    const { dtype, dims } = site.input(0);
    const weight = site.input(1).dims;
    if (dims === undefined || weight === undefined) return [{ dtype, dims: undefined }];
    if (dims.length !== weight.length || !compatible(dims[1], weight[0])) {
      site.refuse(`input [${dims.join(', ')}] does not fit weights [${weight.join(', ')}]`);
    }
    const group = site.int('group', 1);
    const channels = typeof weight[1] === 'number' ? weight[1] * group : undefined;
    return [{ dtype, dims: [dims[0], channels, ...unslide(site, dims, weight.slice(2))] }];
  },
  MaxPool: (site) => {
    const pooled = pool(site);
    return [pooled, { dtype: 'int64', dims: pooled.dims }];
  },
  AveragePool: (site) => [pool(site)],
  LpPool: (site) => [pool(site)],
  GlobalAveragePool: (site) => [globalPool(site)],
  GlobalLpPool: (site) => [globalPool(site)],
  GlobalMaxPool: (site) => [globalPool(site)],
};

function convolved(site: Site, weightAt: number): Known['dims'] {
  const { dims } = site.input(0);
  const weight = site.input(weightAt).dims;
  if (dims === undefined || weight === undefined) return undefined;
  const perGroup = weight[1];
  const group = site.int('group', 1);
  const channels = typeof perGroup === 'number' ? perGroup * group : undefined;
  if (dims.length !== weight.length || !compatible(dims[1], channels)) {
    site.refuse(`input [${dims.join(', ')}] does not fit weights [${weight.join(', ')}]`);
  }
  return [dims[0], weight[0], ...slide(site, dims, weight.slice(2))];
}

function pool(site: Site): Known {
  const { dtype, dims } = site.input(0);
  const kernel = site.ints('kernel_shape');
  if (dims === undefined || kernel === undefined) return { dtype, dims: undefined };
  return { dtype, dims: [dims[0], dims[1], ...slide(site, dims, kernel)] };
}

function globalPool(site: Site): Known {
  const { dtype, dims } = site.input(0);
  return { dtype, dims: dims?.map((size, axis) => (axis < 2 ? size : 1)) };
}

/** How a window moves along one spatial axis. */
interface Slide {
  readonly stride: number;
  /** Padding at both ends together. */
  readonly padding: number;
  readonly before: number;
  /** What the dilated window spans. */
  readonly reach: number;
}

function slideOf(site: Site, axis: number, kernel: readonly Dim[]): Slide | undefined {
  const window = kernel[axis];
  if (typeof window !== 'number') return undefined;
  const pads = site.text('auto_pad') === 'VALID' ? undefined : site.ints('pads');
  const before = pads?.[axis] ?? 0;
  return {
    stride: site.ints('strides')?.[axis] ?? 1,
    before,
    padding: before + (pads?.[axis + kernel.length] ?? 0),
    reach: (site.ints('dilations')?.[axis] ?? 1) * (window - 1) + 1,
  };
}

const keepsSize = (site: Site): boolean => site.text('auto_pad')?.startsWith('SAME') === true;

/** Sizes after a window moved over the spatial axes (ONNX Conv and MaxPool, "auto_pad"). */
function slide(site: Site, dims: readonly Dim[], kernel: readonly Dim[]): readonly Dim[] {
  return dims.slice(2).map((size, axis) => {
    const move = slideOf(site, axis, kernel);
    if (typeof size !== 'number' || move === undefined) return undefined;
    if (keepsSize(site)) return Math.ceil(size / move.stride);
    const places =
      site.int('ceil_mode', 0) === 1 ? placesBegun(size, move) : placesInside(size, move);
    if (places < 1) site.refuse(`a window of ${move.reach} exceeds size ${size}`);
    return places;
  });
}

/** How many windows lie inside the padded axis. */
const placesInside = (size: number, { stride, padding, reach }: Slide): number =>
  Math.floor((size + padding - reach) / stride) + 1;

/** The same with one that reaches beyond it, unless that would start in the padding at the end. */
function placesBegun(size: number, { stride, before, padding, reach }: Slide): number {
  const steps = Math.ceil((size + padding - reach) / stride);
  return steps * stride >= size + before ? steps : steps + 1;
}

/** Sizes of a transposed convolution (ONNX ConvTranspose, "output_shape"). */
function unslide(site: Site, dims: readonly Dim[], kernel: readonly Dim[]): readonly Dim[] {
  const given = site.ints('output_shape');
  if (given !== undefined) return given;
  const extra = site.ints('output_padding');
  return dims.slice(2).map((size, axis) => {
    const move = slideOf(site, axis, kernel);
    if (typeof size !== 'number' || move === undefined) return undefined;
    const { stride, padding, reach } = move;
    if (keepsSize(site)) return size * stride;
    return stride * (size - 1) + (extra?.[axis] ?? 0) + reach - padding;
  });
}
