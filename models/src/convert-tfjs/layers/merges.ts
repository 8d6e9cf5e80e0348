import { int } from '../../onnx/builder.ts';
import { asFloat, plainValue, type Rule, type Site, sizeAt } from '../site.ts';
import type { Dims, Value } from '../value.ts';

/** The steps that count in all of the values. */
function commonMask(site: Site, values: readonly Value[]): string | undefined {
  const masks = values.flatMap(({ mask }) => (mask === undefined ? [] : [mask]));
  return masks.length === 0 ? undefined : masks.reduce((all, mask) => site.op('And', [all, mask]));
}

/** Inputs of fewer axes get axes of size 1 after the batch. */
function alignRanks(site: Site, values: readonly Value[]): readonly Value[] {
  const rank = Math.max(...values.map(({ dims }) => dims.length));
  return values.map((value) => {
    const missing = rank - value.dims.length;
    if (missing === 0) return value;
    const axes = Array.from({ length: missing }, (_, at) => at + 1);
    const name = site.op('Unsqueeze', [site.plain(value), site.graph.ints(axes)]);
    const [batch, ...rest] = value.dims;
    return { ...value, name, layout: 'plain', dims: [batch, ...axes.map(() => 1), ...rest] };
  });
}

function broadcast(site: Site, values: readonly Value[]): Dims {
  return values
    .map(({ dims }) => dims)
    .reduce((all, dims) =>
      all.map((size, axis) => {
        const other = dims[axis];
        if (size === 1 || (size === undefined && other !== 1)) return other;
        if (other !== 1 && other !== undefined && other !== size) {
          site.malformed(`cannot join sizes [${all.join(', ')}] and [${dims.join(', ')}]`);
        }
        return size;
      }),
    );
}

/** Combines all inputs number by number, two at a time. */
function combine(write: (site: Site, left: string, right: string) => string): Rule {
  return (site) => {
    if (site.inputs.length < 2) site.malformed('joins fewer than two inputs');
    const values = alignRanks(
      site,
      site.inputs.map((value) => asFloat(site, value)),
    );
    const layout = values.some((value) => value.layout === 'first') ? 'first' : 'plain';
    const names = values.map((value) =>
      layout === 'first' ? site.first(value) : site.plain(value),
    );
    const name = names.reduce((left, right) => write(site, left, right));
    const mask = commonMask(site, site.inputs);
    return { name, layout, dims: broadcast(site, values), dtype: 'float32', mask };
  };
}

const by = (op: string) => combine((site, left, right) => site.op(op, [left, right]));

const average: Rule = (site) => {
  const total = by('Add')(site) as Value;
  const share = site.graph.scalar(1 / site.inputs.length);
  return { ...total, name: site.op('Mul', [total.name, share]) };
};

const concatenate: Rule = (site) => {
  const values = site.inputs.map((value) => asFloat(site, value));
  const [first] = values;
  if (first === undefined || values.some(({ dims }) => dims.length !== first.dims.length)) {
    return site.malformed('joins inputs of different rank');
  }
  const rank = first.dims.length;
  const given = site.layer.config.number('axis', -1);
  const axis = given < 0 ? given + rank : given;
  const sizes = values.map(({ dims }) => dims[axis]);
  const size = sizes.includes(undefined)
    ? undefined
    : sizes.reduce<number>((total, each) => total + (each ?? 0), 0);
  const isLast = axis === rank - 1;
  const mask = commonMask(site, values);
  if (mask !== undefined && !isLast) {
    site.refuse('joins masked inputs along their steps; join the last axis');
  }
  const base = { dims: first.dims.with(axis, size), dtype: 'float32', mask } as const;
  if (isLast && rank > 2 && values.every(({ layout }) => layout === 'first')) {
    const name = site.op('Concat', values.map(site.first), { axis: int(1) });
    return { ...base, name, layout: 'first' };
  }
  const name = site.op('Concat', values.map(site.plain), { axis: int(axis) });
  return { ...base, name, layout: 'plain' };
};

/** Sums of products along one axis of each input, after tfjs' batchDot. */
const dot: Rule = (site) => {
  const [left, right, ...more] = site.inputs.map((value) => asFloat(site, value));
  if (left === undefined || right === undefined || more.length > 0) {
    return site.malformed('takes two inputs');
  }
  const ranks = [left.dims.length, right.dims.length];
  if (ranks.some((rank) => rank !== 2 && rank !== 3)) {
    site.refuse('takes inputs of two or three axes');
  }
  const given = site.layer.config.raw('axes');
  const pair = Array.isArray(given) ? given.map(Number) : [Number(given), Number(given)];
  const axes = pair.map((axis, at) => (axis < 0 ? axis + (ranks[at] ?? 0) : axis));
  const normalize = site.layer.config.flag('normalize', false);
  const sides = [left, right].map((value, at) =>
    matrix(site, value, { axis: axes[at] ?? -1, isLeft: at === 0, normalize }),
  );
  const product = site.op(
    'MatMul',
    sides.map(({ name }) => name),
  );
  const dims = [left.dims[0], ...sides.flatMap(({ kept }) => kept)];
  const squeezed = sides.flatMap(({ kept }, at) => (kept.length === 0 ? [at + 1] : []));
  if (squeezed.length === 2) {
    const name = site.op('Squeeze', [product, site.graph.ints([2])]);
    return plainValue(name, [left.dims[0], 1]);
  }
  if (squeezed.length === 0) return plainValue(product, dims);
  return plainValue(site.op('Squeeze', [product, site.graph.ints(squeezed)]), dims);
};

interface Side {
  readonly name: string;
  /** The axis that is left of three; none of two. */
  readonly kept: Dims;
}

/** One factor of a batched product: its summed axis last on the left and first on the right. */
function matrix(
  site: Site,
  value: Value,
  call: { readonly axis: number; readonly isLeft: boolean; readonly normalize: boolean },
): Side {
  const { axis, isLeft, normalize } = call;
  sizeAt(site, value, axis);
  const plain = site.plain(value);
  const name = normalize ? unitLength(site, plain, axis) : plain;
  if (value.dims.length === 2) {
    return { name: site.op('Unsqueeze', [name, site.graph.ints([isLeft ? 1 : 2])]), kept: [] };
  }
  const kept = [value.dims[axis === 1 ? 2 : 1]];
  if (axis === (isLeft ? 2 : 1)) return { name, kept };
  const perm = { type: 'ints', value: [0n, 2n, 1n] } as const;
  return { name: site.op('Transpose', [name], { perm }), kept };
}

/** x / sqrt(max(sum of squares, 1e-7)): the smallest number that tfjs divides by. */
function unitLength(site: Site, name: string, axis: number): string {
  const square = site.op('ReduceSumSquare', [name], {
    axes: { type: 'ints', value: [BigInt(axis)] },
    keepdims: int(1),
  });
  const bounded = site.op('Max', [square, site.graph.scalar(1e-7)]);
  return site.op('Div', [name, site.op('Sqrt', [bounded])]);
}

/** Layers that make one value of several. */
export const mergeRules: Readonly<Record<string, Rule>> = {
  Add: by('Add'),
  Subtract: by('Sub'),
  Multiply: by('Mul'),
  Average: average,
  Maximum: by('Max'),
  Minimum: by('Min'),
  Concatenate: concatenate,
  Dot: dot,
};
