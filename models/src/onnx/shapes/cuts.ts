import type { Dim, Known } from './known.ts';
import { type Cut, countOf, select } from './row-major.ts';
import { axisOf, axisWithin, integersAt, type Rule } from './site.ts';

/** Operators that cut tensors apart, join them or frame them. */
export const cutRules: Readonly<Record<string, Rule>> = {
  Concat: (site) => {
    const parts = site.node.inputs.map((_, index) => site.input(index));
    const [first] = parts;
    if (
      first?.dims === undefined ||
      parts.some(({ dims }) => dims?.length !== first.dims?.length)
    ) {
      return [{ dtype: first?.dtype, dims: undefined }];
    }
    const axis = axisOf(site, 0, first.dims.length);
    const dims = first.dims.map((size, at) => (at === axis ? total(parts, axis) : size));
    const values = parts.map(({ value }) => value);
    const known = axis === 0 && values.every((list) => list !== undefined);
    return [{ dtype: first.dtype, dims, value: known ? values.flat() : undefined }];
  },
  Split: (site) => {
    const { dtype, dims } = site.input(0);
    const count = site.node.outputs.length;
    if (dims === undefined) return Array.from({ length: count }, () => ({ dtype, dims }));
    const axis = axisOf(site, 0, dims.length);
    const sizes = integersAt(site, 1, 'split') ?? evenly(dims[axis], count);
    return Array.from({ length: count }, (_, part) => ({
      dtype,
      dims: dims.map((size, at) => (at === axis ? sizes[part] : size)),
    }));
  },
  Slice: (site) => {
    const { dtype, dims, value } = site.input(0);
    const starts = integersAt(site, 1, 'starts');
    const ends = integersAt(site, 2, 'ends');
    if (dims === undefined || starts === undefined || ends === undefined) {
      return [{ dtype, dims: dims?.map(() => undefined) }];
    }
    const axes = integersAt(site, 3, 'axes') ?? starts.map((_, axis) => axis);
    const steps = integersAt(site, 4, 'steps') ?? starts.map(() => 1);
    const cuts: (Cut | undefined)[] = dims.map(() => undefined);
    axes.forEach((given, at) => {
      const axis = axisWithin(given, dims.length) ?? site.refuse(`axis ${given} is out of range`);
      cuts[axis] = cutOf(dims[axis], starts[at] ?? 0, ends[at] ?? 0, steps[at] ?? 1);
    });
    const touched = new Set(axes.map((axis) => axisWithin(axis, dims.length)));
    const sizes = dims.map((size, axis) => (touched.has(axis) ? cuts[axis]?.length : size));
    const whole = (size: Dim): Cut => ({ start: 0, step: 1, length: Number(size) });
    const taken = dims.map((size, axis) => cuts[axis] ?? whole(size));
    return [{ dtype, dims: sizes, value: value && select(value, dims, taken) }];
  },
  Gather: (site) => {
    const { dtype, dims, value } = site.input(0);
    const chosen = site.input(1);
    if (dims === undefined || chosen.dims === undefined) return [{ dtype, dims: undefined }];
    const axis = axisOf(site, 0, dims.length);
    const picked = chosen.value?.map((index) =>
      typeof index === 'number' ? value?.at(index) : undefined,
    );
    return [
      {
        dtype,
        dims: [...dims.slice(0, axis), ...chosen.dims, ...dims.slice(axis + 1)],
        value: value === undefined || dims.length !== 1 ? undefined : picked,
      },
    ];
  },
  GatherElements: (site) => [{ dtype: site.input(0).dtype, dims: site.input(1).dims }],
  Pad: (site) => {
    const { dtype, dims } = site.input(0);
    const pads = integersAt(site, 1, 'pads');
    if (dims === undefined || pads === undefined) {
      return [{ dtype, dims: dims?.map(() => undefined) }];
    }
    const axes = integersAt(site, 3, 'axes') ?? dims.map((_, axis) => axis);
    const padded = [...dims];
    axes.forEach((given, at) => {
      const axis = axisWithin(given, dims.length) ?? site.refuse(`axis ${given} is out of range`);
      padded[axis] = add(dims[axis], (pads[at] ?? 0) + (pads[at + axes.length] ?? 0));
    });
    return [{ dtype, dims: padded }];
  },
  TopK: (site) => {
    const { dtype, dims } = site.input(0);
    const count = site.input(1).value?.[0];
    const axis = axisWithin(site.int('axis', -1), dims?.length ?? 0);
    const kept = dims?.map((size, at) => (at === axis ? count : size));
    return [
      { dtype, dims: kept },
      { dtype: 'int64', dims: kept },
    ];
  },
};

function total(parts: readonly Known[], axis: number): Dim {
  return countOf(parts.map(({ dims }) => dims?.[axis])) === undefined
    ? undefined
    : parts.reduce((sum, { dims }) => sum + Number(dims?.[axis]), 0);
}

function evenly(size: Dim, count: number): readonly Dim[] {
  if (typeof size !== 'number') return [];
  const part = Math.ceil(size / count);
  return Array.from({ length: count }, (_, at) => Math.min(part, size - at * part));
}

/** What a slice takes along one axis (ONNX Slice: clamped, negative numbers from the end). */
function cutOf(size: Dim, start: number, end: number, step: number): Cut | undefined {
  if (typeof size !== 'number' || step === 0) return undefined;
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (at: number): number => Math.min(Math.max(at < 0 ? at + size : at, low), high);
  const first = clamp(start);
  return { start: first, step, length: Math.max(0, Math.ceil((clamp(end) - first) / step)) };
}

function add(size: Dim, extra: number): Dim {
  if (extra === 0) return size;
  return typeof size === 'number' ? size + extra : undefined;
}
