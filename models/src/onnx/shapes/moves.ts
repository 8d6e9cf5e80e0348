import { dtypeOf } from '../read-tensor.ts';
import { type Dim, type Known, knownConstant, maxValueLength, unknown } from './known.ts';
import { countOf, turn } from './row-major.ts';
import { axisWithin, integersAt, type Rule, type Site } from './site.ts';

/** Operators that move numbers without computing with them. */
export const moveRules: Readonly<Record<string, Rule>> = {
  Cast: (site) => [{ dtype: dtypeOf(site.int('to', 1)), dims: site.input(0).dims }],
  CastLike: (site) => [{ ...site.input(0), dtype: site.input(1).dtype }],
  Shape: (site) => {
    const dims = site.input(0).dims;
    if (dims === undefined) return [{ dtype: 'int64', dims: [undefined] }];
    const part = dims.slice(site.int('start', 0), site.int('end', dims.length));
    return [{ dtype: 'int64', dims: [part.length], value: part }];
  },
  Size: () => [{ dtype: 'int64', dims: [] }],
  Flatten: (site) => {
    const { dtype, dims } = site.input(0);
    if (dims === undefined) return [{ dtype, dims: [undefined, undefined] }];
    const axis = site.int('axis', 1);
    const cut = axis < 0 ? axis + dims.length : axis;
    return [{ dtype, dims: [span(dims.slice(0, cut)), span(dims.slice(cut))] }];
  },
  Reshape: (site) => {
    const { dtype, dims, value } = site.input(0);
    const wanted = site.input(1).value;
    if (wanted === undefined) return [{ dtype, dims: undefined }];
    return [{ dtype, dims: reshape(site, dims, wanted), value }];
  },
  Transpose: (site) => {
    const { dtype, dims, value } = site.input(0);
    if (dims === undefined) return [{ dtype, dims }];
    const order = site.ints('perm') ?? dims.map((_, axis) => dims.length - 1 - axis);
    if (order.length !== dims.length) site.refuse(`perm does not fit rank ${dims.length}`);
    return [
      { dtype, dims: order.map((axis) => dims[axis]), value: value && turn(value, dims, order) },
    ];
  },
  Squeeze: (site) => {
    const { dtype, dims, value } = site.input(0);
    const axes = integersAt(site, 1, 'axes');
    if (dims === undefined) return [{ dtype, dims, value }];
    const gone =
      axes === undefined ? undefined : new Set(axes.map((a) => axisWithin(a, dims.length)));
    const kept = dims.filter((size, axis) => (gone === undefined ? size !== 1 : !gone.has(axis)));
    return [{ dtype, dims: kept, value }];
  },
  Unsqueeze: (site) => {
    const { dtype, dims, value } = site.input(0);
    const axes = integersAt(site, 1, 'axes');
    if (dims === undefined || axes === undefined) return [{ dtype, dims: undefined, value }];
    const rank = dims.length + axes.length;
    const fresh = new Set(axes.map((axis) => axisWithin(axis, rank)));
    const rest = [...dims];
    return [
      {
        dtype,
        value,
        dims: Array.from({ length: rank }, (_, axis) => (fresh.has(axis) ? 1 : rest.shift())),
      },
    ];
  },
  Expand: (site) => {
    const { dtype, dims } = site.input(0);
    const wanted = site.input(1).value;
    if (dims === undefined || wanted === undefined) return [{ dtype, dims: undefined }];
    const rank = Math.max(dims.length, wanted.length);
    return [
      {
        dtype,
        dims: Array.from({ length: rank }, (_, axis) => {
          const size = wanted[axis - rank + wanted.length] ?? 1;
          return size === 1 ? dims[axis - rank + dims.length] : size;
        }),
      },
    ];
  },
  Tile: (site) => {
    const { dtype, dims } = site.input(0);
    const repeats = integersAt(site, 1, 'repeats');
    return [{ dtype, dims: dims?.map((size, axis) => times(size, repeats?.[axis])) }];
  },
  ConstantOfShape: (site) => {
    const dims = site.input(0).value;
    const filler = site.node.attributes.get('value');
    if (filler?.type !== 'tensor') return [{ dtype: 'float32', dims }];
    const { dtype, value } = knownConstant(filler.value);
    const count = dims === undefined ? undefined : countOf(dims);
    const small = value !== undefined && count !== undefined && count <= maxValueLength;
    return [
      { dtype, dims, value: small ? Array.from({ length: count }, () => value[0]) : undefined },
    ];
  },
  Resize: (site) => {
    const { dtype, dims } = site.input(0);
    const sizes = site.input(3).value;
    if (sizes !== undefined && site.ints('axes') === undefined) return [{ dtype, dims: sizes }];
    const scales = site.number(2) ?? [];
    const factors = scales.length === dims?.length ? scales : [];
    return [{ dtype, dims: dims?.map((size, axis) => scaled(size, factors[axis])) }];
  },
  Upsample: (site) => {
    const { dtype, dims } = site.input(0);
    const attribute = site.node.attributes.get('scales');
    const factors = attribute?.type === 'floats' ? attribute.value : (site.number(1) ?? []);
    return [{ dtype, dims: dims?.map((size, axis) => scaled(size, factors[axis])) }];
  },
  DepthToSpace: (site) => [blocks(site, 1)],
  SpaceToDepth: (site) => [blocks(site, -1)],
  Constant: (site) => [constantOf(site)],
};

function span(dims: readonly Dim[]): Dim {
  if (dims.length === 1) return dims[0];
  const numbers = dims.filter((size) => typeof size === 'number');
  const others = dims.filter((size) => typeof size !== 'number');
  const product = numbers.reduce((all, size) => all * size, 1);
  if (others.length === 0) return product;
  return others.length === 1 && product === 1 ? others[0] : undefined;
}

function reshape(
  site: Site,
  dims: readonly Dim[] | undefined,
  wanted: readonly Dim[],
): readonly Dim[] {
  const keepsZero = site.int('allowzero', 0) === 0;
  const sizes = wanted.map((size, axis) => (size === 0 && keepsZero ? dims?.[axis] : size));
  const open = wanted.indexOf(-1);
  if (open < 0) return sizes;
  const [count, fixed] = cancel(
    dims,
    sizes.filter((_, axis) => axis !== open),
  );
  if (count === undefined || fixed === undefined) return sizes.with(open, undefined);
  if (fixed === 0 || count % fixed !== 0) {
    site.refuse(`[${dims?.join(', ')}] cannot become [${wanted.join(', ')}]`);
  }
  return sizes.with(open, count / fixed);
}

/** Element counts of both sides without the symbols that stand on both. */
function cancel(
  dims: readonly Dim[] | undefined,
  sizes: readonly Dim[],
): readonly [number | undefined, number | undefined] {
  if (dims === undefined) return [undefined, undefined];
  const left = [...dims];
  const right: Dim[] = [];
  for (const size of sizes) {
    const twin = typeof size === 'string' ? left.indexOf(size) : -1;
    if (twin >= 0) left.splice(twin, 1);
    else right.push(size);
  }
  return [countOf(left), countOf(right)];
}

function times(size: Dim, factor: number | undefined): Dim {
  if (factor === 1) return size;
  return typeof size === 'number' && factor !== undefined ? size * factor : undefined;
}

function scaled(size: Dim, factor: number | undefined): Dim {
  if (factor === 1) return size;
  return typeof size === 'number' && factor !== undefined ? Math.floor(size * factor) : undefined;
}

function blocks(site: Site, direction: 1 | -1): Known {
  const { dtype, dims } = site.input(0);
  if (dims?.length !== 4) return { dtype, dims: undefined };
  const block = site.int('blocksize', 1) ** direction;
  const [count, channels, height, width] = dims;
  return {
    dtype,
    dims: [count, times(channels, block ** -2), times(height, block), times(width, block)],
  };
}

function constantOf({ node }: Site): Known {
  for (const attribute of node.attributes.values()) {
    if (attribute.type === 'tensor') return knownConstant(attribute.value);
    if (attribute.type === 'int')
      return { dtype: 'int64', dims: [], value: [Number(attribute.value)] };
    if (attribute.type === 'float') return { dtype: 'float32', dims: [] };
    if (attribute.type === 'ints') {
      return { dtype: 'int64', dims: [attribute.value.length], value: attribute.value.map(Number) };
    }
    if (attribute.type === 'floats') return { dtype: 'float32', dims: [attribute.value.length] };
  }
  return unknown;
}
