import { int, ints } from '../../onnx/builder.ts';
import { tensor } from '../../tensor/tensor.ts';
import { channelled, unchannelled } from '../image.ts';
import { asFloat, plainValue, type Rule, type Site } from '../site.ts';
import type { Dims } from '../value.ts';

/** The product of sizes; `undefined` when one is open. */
function product(dims: Dims): number | undefined {
  let total = 1;
  for (const size of dims) {
    if (size === undefined) return undefined;
    total *= size;
  }
  return total;
}

const flatten: Rule = (site) => {
  const { input, layer } = site;
  const turned = layer.config.word('data_format', 'channels_last') === 'channelsfirst';
  const size = product(input.dims.slice(1));
  let name = site.plain(input);
  if (turned && input.dims.length > 2) {
    const inner = input.dims.slice(2).map((_, at) => at + 2);
    name = site.op('Transpose', [name], { perm: ints([0, ...inner, 1]) });
  }
  return plainValue(
    site.op('Flatten', [name], { axis: int(1) }),
    [input.dims[0], size],
    input.dtype,
  );
};

const reshape: Rule = (site) => {
  const { input, layer, graph } = site;
  const target = layer.config.dims('target_shape');
  const size = product(input.dims.slice(1));
  const known = product(target.filter((item) => item !== undefined)) ?? 1;
  const open = target.filter((item) => item === undefined).length;
  if (open > 1) site.malformed('leaves more than one size of its targetShape open');
  if (size !== undefined && (open === 0 ? size !== known : size % known !== 0)) {
    site.malformed(
      `cannot make [${target.map((item) => item ?? -1).join(', ')}] of ${size} numbers`,
    );
  }
  const rest = size === undefined ? undefined : size / known;
  const shape = [0, ...target.map((item) => item ?? -1)];
  const name = site.op('Reshape', [site.plain(input), graph.ints(shape)]);
  return plainValue(name, [input.dims[0], ...target.map((item) => item ?? rest)], input.dtype);
};

const permute: Rule = (site) => {
  const { input, layer } = site;
  const order = [0, ...layer.config.sizes('dims', input.dims.length - 1)];
  if (order.toSorted((a, b) => a - b).some((axis, at) => axis !== at)) {
    site.malformed(`"dims" is [${order.slice(1).join(', ')}], no order of its axes`);
  }
  const name = site.op('Transpose', [site.plain(input)], { perm: ints(order) });
  const dims = order.map((axis) => input.dims[axis]);
  return plainValue(name, dims, input.dtype);
};

const repeatVector: Rule = (site) => {
  const { input, layer, graph } = site;
  const count = layer.config.number('n');
  const standing = site.op('Unsqueeze', [site.plain(input), graph.ints([1])]);
  const name = site.op('Expand', [standing, graph.ints([1, count, 1])]);
  return plainValue(name, [input.dims[0], count, ...input.dims.slice(1)], input.dtype);
};

/** `[[top, bottom], [left, right]]` from a number, two numbers or two pairs. */
function edges(site: Site, key: string): readonly (readonly [number, number])[] {
  const value = site.layer.config.raw(key) ?? 1;
  const sides = Array.isArray(value) ? (value as readonly unknown[]) : [value, value];
  const pairs = sides.map((side) => (Array.isArray(side) ? side : [side, side]) as unknown[]);
  const fits = pairs.length === 2 && pairs.every((pair) => pair.length === 2);
  if (!fits || !pairs.flat().every((size) => Number.isSafeInteger(size))) {
    site.malformed(`"${key}" is ${JSON.stringify(value)}, not a number, two numbers or two pairs`);
  }
  return pairs as [number, number][];
}

const zeroPadding: Rule = (site) => {
  const image = channelled(site, 4, asFloat(site, site.input));
  const sides = edges(site, 'padding');
  const before = [0, 0, ...sides.map(([start]) => start)];
  const after = [0, 0, ...sides.map(([, end]) => end)];
  const name = site.op('Pad', [image.name, site.graph.ints([...before, ...after])]);
  const dims = image.dims.map((size, axis) =>
    size === undefined ? undefined : size + (before[axis] ?? 0) + (after[axis] ?? 0),
  );
  return unchannelled(site, { name, dims });
};

/** Larger than any size: a slice to the end. */
const toTheEnd = 2 ** 31 - 1;

const cropping: Rule = (site) => {
  const image = channelled(site, 4, asFloat(site, site.input));
  const sides = edges(site, 'cropping');
  const ends = sides.map(([, end]) => (end === 0 ? toTheEnd : -end));
  const name = site.op('Slice', [
    image.name,
    site.graph.ints(sides.map(([start]) => start)),
    site.graph.ints(ends),
    site.graph.ints([2, 3]),
  ]);
  const dims = image.dims.map((size, axis) => {
    const [start = 0, end = 0] = sides[axis - 2] ?? [];
    return size === undefined ? undefined : size - start - end;
  });
  return unchannelled(site, { name, dims });
};

const text = (value: string) =>
  ({ type: 'string', value: new TextEncoder().encode(value) }) as const;

/** tfjs takes the pixel at floor(place / factor), or blends from there, without half pixels. */
const upSampling: Rule = (site) => {
  const { config } = site.layer;
  const image = channelled(site, 4, asFloat(site, site.input));
  const factors = config.sizes('size', 2, 2);
  const mode = config.word('interpolation', 'nearest');
  if (mode !== 'nearest' && mode !== 'bilinear') {
    site.refuse(`interpolates with ${mode}; known are nearest and bilinear`);
  }
  const scales = site.graph.constant(tensor('float32', [4], Float32Array.from([1, 1, ...factors])));
  const name = site.op('Resize', [image.name, '', scales], {
    mode: text(mode === 'nearest' ? 'nearest' : 'linear'),
    coordinate_transformation_mode: text('asymmetric'),
    nearest_mode: text('floor'),
  });
  const dims = image.dims.map((size, axis) =>
    size === undefined ? undefined : size * (factors[axis - 2] ?? 1),
  );
  return unchannelled(site, { name, dims });
};

/** What only changes numbers while training. */
const identity: Rule = ({ input }) => input;

/** Steps whose numbers all are `mask_value` become zero and do not count. */
const masking: Rule = (site) => {
  const { graph, layer } = site;
  const value = graph.scalar(layer.config.number('mask_value', 0));
  const input = asFloat(site, site.input);
  const plain = site.plain(input);
  const differs = site.op('Not', [site.op('Equal', [plain, value])]);
  const marks = site.op('Cast', [differs], { to: int(1) });
  const kept = site.op('ReduceMax', [marks], { axes: ints([-1]), keepdims: int(1) });
  const name = site.op('Mul', [plain, kept]);
  const flat = site.op('Squeeze', [kept, graph.ints([-1])]);
  const mask = site.op('Cast', [flat], { to: int(9) });
  return { ...plainValue(name, input.dims), mask };
};

/** Layers that move numbers without computing with them. */
export const shapeRules: Readonly<Record<string, Rule>> = {
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeatVector,
  ZeroPadding2D: zeroPadding,
  Cropping2D: cropping,
  UpSampling2D: upSampling,
  Masking: masking,
  Dropout: identity,
  SpatialDropout1D: identity,
  SpatialDropout2D: identity,
  GaussianNoise: identity,
  GaussianDropout: identity,
  AlphaDropout: identity,
  ActivityRegularization: identity,
};
