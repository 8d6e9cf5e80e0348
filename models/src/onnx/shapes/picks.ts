import { dtypeOf } from '../read-tensor.ts';
import type { Dim, Known } from './known.ts';
import { axisOf, axisWithin, integersAt, type Rule, type Site } from './site.ts';

const sameSizes: Rule = (site) => [{ ...site.input(0), value: undefined }];

/** Operators that choose elements by index, score or condition, or put them in place. */
export const pickRules: Readonly<Record<string, Rule>> = {
  Scatter: sameSizes,
  ScatterElements: sameSizes,
  ScatterND: sameSizes,
  ReverseSequence: sameSizes,
  GatherND: (site) => {
    const { dtype, dims } = site.input(0);
    const indices = site.input(1).dims;
    const depth = indices?.at(-1);
    if (dims === undefined || indices === undefined || typeof depth !== 'number') {
      return [{ dtype, dims: undefined }];
    }
    const batch = site.int('batch_dims', 0);
    return [{ dtype, dims: [...indices.slice(0, -1), ...dims.slice(batch + depth)] }];
  },
  OneHot: (site) => {
    const { dtype } = site.input(2);
    const { dims } = site.input(0);
    if (dims === undefined) return [{ dtype, dims }];
    const depth = site.input(1).value?.[0] ?? site.number(1)?.[0];
    const axis = axisWithin(site.int('axis', -1), dims.length + 1) ?? dims.length;
    return [{ dtype, dims: dims.toSpliced(axis, 0, depth) }];
  },
  NonZero: (site) => {
    const { dims } = site.input(0);
    return [{ dtype: 'int64', dims: [dims?.length, undefined] }];
  },
  NonMaxSuppression: () => [{ dtype: 'int64', dims: [undefined, 3] }],
  Compress: (site) => {
    const { dtype, dims } = site.input(0);
    if (!site.node.attributes.has('axis')) return [{ dtype, dims: [undefined] }];
    if (dims === undefined) return [{ dtype, dims }];
    return [{ dtype, dims: dims.with(axisOf(site, 0, dims.length), undefined) }];
  },
  Unique: (site) => {
    const { dtype, dims } = site.input(0);
    const along = site.node.attributes.has('axis');
    const unique =
      along && dims !== undefined ? dims.with(axisOf(site, 0, dims.length), undefined) : undefined;
    const list: Known = { dtype: 'int64', dims: [undefined] };
    return [{ dtype, dims: along ? unique : [undefined] }, list, list, list];
  },
  TfIdfVectorizer: (site) => {
    const { dims } = site.input(0);
    const indexes = site.ints('ngram_indexes');
    const columns = indexes === undefined ? undefined : Math.max(...indexes) + 1;
    return [{ dtype: 'float32', dims: dims && [...dims.slice(0, -1), columns] }];
  },
  MaxUnpool: (site) => {
    const { dtype, dims } = site.input(0);
    const asked = site.input(2).value;
    if (asked !== undefined || site.given(2)) return [{ dtype, dims: asked }];
    return [{ dtype, dims: dims && unpooled(site, dims) }];
  },
  GridSample: (site) => {
    const { dtype, dims } = site.input(0);
    const grid = site.input(1).dims;
    if (dims === undefined || grid === undefined) return [{ dtype, dims: undefined }];
    return [{ dtype, dims: [dims[0], dims[1], ...grid.slice(1, -1)] }];
  },
  RoiAlign: (site) => {
    const { dtype, dims } = site.input(0);
    const [count] = site.input(1).dims ?? [];
    const [height, width] = ['output_height', 'output_width'].map((name) => site.int(name, 1));
    return [{ dtype, dims: [count, dims?.[1], height, width] }];
  },
  NegativeLogLikelihoodLoss: (site) => [loss(site)],
  SoftmaxCrossEntropyLoss: (site) => [
    loss(site),
    { dtype: site.input(0).dtype, dims: site.input(0).dims },
  ],
  Range: (site) => {
    const { dtype } = site.input(0);
    const [start, limit, delta] = [0, 1, 2].map((at) => site.number(at)?.[0]);
    if (start === undefined || limit === undefined || delta === undefined) {
      return [{ dtype, dims: [undefined] }];
    }
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    return [{ dtype, dims: [count], value: progression(dtype, start, delta, count) }];
  },
  EyeLike: (site) => [{ dtype: chosenType(site) ?? site.input(0).dtype, dims: site.input(0).dims }],
  Bernoulli: (site) => [
    { dtype: chosenType(site) ?? site.input(0).dtype, dims: site.input(0).dims },
  ],
  BlackmanWindow: (site) => [window(site)],
  HammingWindow: (site) => [window(site)],
  HannWindow: (site) => [window(site)],
  MelWeightMatrix: (site) => {
    const [bins, length] = [site.number(0)?.[0], site.number(1)?.[0]];
    const rows = length === undefined ? undefined : Math.floor(length / 2) + 1;
    const dtype = dtypeOf(site.int('output_datatype', 1));
    return [{ dtype, dims: [rows, bins] }];
  },
  RandomNormal: (site) => [drawn(site)],
  RandomUniform: (site) => [drawn(site)],
  StringNormalizer: (site) => [{ dtype: 'string', dims: site.input(0).dims?.map(() => undefined) }],
  OptionalHasElement: () => [{ dtype: 'bool', dims: [] }],
  SequenceLength: () => [{ dtype: 'int64', dims: [] }],
};

function loss(site: Site): Known {
  const { dtype } = site.input(0);
  const whole = (site.text('reduction') ?? 'mean') !== 'none';
  return { dtype, dims: whole ? [] : site.input(1).dims };
}

function window(site: Site): Known {
  const dtype = dtypeOf(site.int('output_datatype', 1));
  return { dtype, dims: [site.number(0)?.[0]] };
}

function drawn(site: Site): Known {
  return { dtype: chosenType(site) ?? 'float32', dims: site.ints('shape') };
}

function chosenType(site: Site): Known['dtype'] {
  const id = site.int('dtype', 0);
  return id === 0 ? undefined : dtypeOf(id);
}

function progression(
  dtype: Known['dtype'],
  start: number,
  delta: number,
  count: number,
): Known['value'] {
  if (dtype !== 'int64' && dtype !== 'int32') return undefined;
  return count > 1024 ? undefined : Array.from({ length: count }, (_, at) => start + at * delta);
}

function unpooled(site: Site, dims: readonly Dim[]): readonly Dim[] {
  const kernel = site.ints('kernel_shape') ?? [];
  const pads = integersAt(site, 9, 'pads') ?? kernel.flatMap(() => [0, 0]);
  const strides = site.ints('strides') ?? kernel.map(() => 1);
  return dims.map((size, at) => {
    const axis = at - 2;
    if (axis < 0 || typeof size !== 'number') return size;
    const padding = (pads[axis] ?? 0) + (pads[axis + kernel.length] ?? 0);
    return (size - 1) * (strides[axis] ?? 1) - padding + (kernel[axis] ?? 1);
  });
}
