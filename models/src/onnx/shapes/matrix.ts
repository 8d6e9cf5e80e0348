import { broadcast } from './elementwise.ts';
import type { Dim } from './known.ts';
import { axisWithin, compatible, integersAt, type Rule, type Site } from './site.ts';

const reduce: Rule = (site) => {
  const { dtype, dims } = site.input(0);
  if (dims === undefined) return [{ dtype, dims: undefined }];
  const axes = reducedAxes(site, dims.length);
  if (axes === undefined) return [{ dtype, dims: undefined }];
  const kept = site.int('keepdims', 1) === 1;
  return [
    {
      dtype,
      dims: kept
        ? dims.map((size, axis) => (axes.has(axis) ? 1 : size))
        : dims.filter((_, axis) => !axes.has(axis)),
    },
  ];
};

const pick: Rule = (site) => {
  const { dims } = site.input(0);
  if (dims === undefined) return [{ dtype: 'int64', dims: undefined }];
  const axis = axisWithin(site.int('axis', 0), dims.length);
  const kept = site.int('keepdims', 1) === 1;
  const replaced = dims.map((size, at) => (at === axis ? 1 : size));
  return [{ dtype: 'int64', dims: kept ? replaced : dims.filter((_, at) => at !== axis) }];
};

/** Products, sums along axes and the quantization pair. */
export const matrixRules: Readonly<Record<string, Rule>> = {
  Gemm: (site) => {
    const { dtype, dims: a } = site.input(0);
    const b = site.input(1).dims;
    if (a?.length !== 2 || b?.length !== 2) return [{ dtype, dims: undefined }];
    const [rows, inner] = site.int('transA', 0) === 1 ? [a[1], a[0]] : a;
    const [outer, columns] = site.int('transB', 0) === 1 ? [b[1], b[0]] : b;
    if (!compatible(inner, outer)) site.refuse(`inner sizes ${inner} and ${outer} differ`);
    return [{ dtype, dims: [rows, columns] }];
  },
  MatMul: (site) => [
    { dtype: site.input(0).dtype, dims: product(site, site.input(0).dims, site.input(1).dims) },
  ],
  MatMulInteger: (site) => [
    { dtype: 'int32', dims: product(site, site.input(0).dims, site.input(1).dims) },
  ],
  QLinearMatMul: (site) => [
    { dtype: site.input(7).dtype, dims: product(site, site.input(0).dims, site.input(3).dims) },
  ],
  ReduceSum: reduce,
  ReduceMean: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
  ReduceSumSquare: reduce,
  ArgMax: pick,
  ArgMin: pick,
  QuantizeLinear: (site) => [
    {
      dtype: site.node.inputs.length > 2 ? site.input(2).dtype : 'uint8',
      dims: site.input(0).dims,
    },
  ],
  DynamicQuantizeLinear: (site) => [
    { dtype: 'uint8', dims: site.input(0).dims },
    { dtype: 'float32', dims: [] },
    { dtype: 'uint8', dims: [] },
  ],
  DequantizeLinear: (site) => [{ dtype: site.input(1).dtype, dims: site.input(0).dims }],
};

function reducedAxes(site: Site, rank: number): ReadonlySet<number> | undefined {
  const given = site.node.inputs[1] !== undefined && site.node.inputs[1] !== '';
  const axes = integersAt(site, 1, 'axes') ?? (given ? undefined : []);
  if (axes === undefined) return undefined;
  if (axes.length === 0) {
    const idle = site.int('noop_with_empty_axes', 0) === 1;
    return new Set(idle ? [] : Array.from({ length: rank }, (_, axis) => axis));
  }
  return new Set(
    axes.map(
      (axis) => axisWithin(axis, rank) ?? site.refuse(`axis ${axis} is outside rank ${rank}`),
    ),
  );
}

/** numpy.matmul: lists become matrices for the product and shrink again after it. */
function product(
  site: Site,
  a: readonly Dim[] | undefined,
  b: readonly Dim[] | undefined,
): readonly Dim[] | undefined {
  if (a === undefined || b === undefined) return undefined;
  const left = a.length === 1 ? [1, a[0]] : a;
  const right = b.length === 1 ? [b[0], 1] : b;
  const inner = [left.at(-1), right.at(-2)] as const;
  if (!compatible(...inner)) site.refuse(`inner sizes ${inner[0]} and ${inner[1]} differ`);
  const stacked = broadcast(site, left.slice(0, -2), right.slice(0, -2)) ?? [];
  return [
    ...stacked,
    ...(a.length === 1 ? [] : [left.at(-2)]),
    ...(b.length === 1 ? [] : [right.at(-1)]),
  ];
}
