import { dtypeOf } from '../read-tensor.ts';
import type { Dim } from './known.ts';
import { axisWithin, type Rule, type Site } from './site.ts';

/** The output looks like the first input. */
const same: Rule = (site) => [{ ...site.input(0), value: undefined }];

/** Whether each element has some property. */
const judge: Rule = (site) => [{ dtype: 'bool', dims: site.input(0).dims }];

const passed: Rule = (site) => [site.input(0)];

const broadcastAll: Rule = (site) => [
  { dtype: site.input(0).dtype, dims: broadcastInputs(site, 0) },
];

const compare: Rule = (site) => [{ dtype: 'bool', dims: broadcastInputs(site, 0) }];

/** Operators that compute each element from those in its place, with broadcasting. */
export const elementwiseRules: Readonly<Record<string, Rule>> = {
  Identity: passed,
  Relu: same,
  LeakyRelu: same,
  PRelu: same,
  Elu: same,
  Selu: same,
  Celu: same,
  Gelu: same,
  Mish: same,
  HardSigmoid: same,
  HardSwish: same,
  ThresholdedRelu: same,
  Clip: same,
  Sigmoid: same,
  Tanh: same,
  Softplus: same,
  Softsign: same,
  Softmax: same,
  LogSoftmax: same,
  Hardmax: same,
  Erf: same,
  Exp: same,
  Log: same,
  Sqrt: same,
  Reciprocal: same,
  Abs: same,
  Neg: same,
  Sign: same,
  Floor: same,
  Ceil: same,
  Round: same,
  Sin: same,
  Cos: same,
  Not: same,
  Acos: same,
  Acosh: same,
  Asin: same,
  Asinh: same,
  Atan: same,
  Atanh: same,
  Cosh: same,
  Sinh: same,
  Tan: same,
  Shrink: same,
  BitwiseNot: same,
  Trilu: same,
  MeanVarianceNormalization: same,
  LpNormalization: same,
  RMSNormalization: same,
  Swish: same,
  CumSum: same,
  IsInf: judge,
  IsNaN: judge,
  LRN: same,
  InstanceNormalization: same,
  LayerNormalization: (site) => {
    const { dtype, dims } = site.input(0);
    const rank = dims?.length ?? 0;
    const axis = axisWithin(site.int('axis', -1), rank) ?? rank;
    const moments = dims?.map((size, at) => (at < axis ? size : 1));
    const stash = dtypeOf(site.int('stash_type', 1));
    return [
      { dtype, dims },
      { dtype: stash, dims: moments },
      { dtype: stash, dims: moments },
    ];
  },
  GroupNormalization: same,
  Add: broadcastAll,
  Sub: broadcastAll,
  Mul: broadcastAll,
  Div: broadcastAll,
  BitShift: broadcastAll,
  BitwiseAnd: broadcastAll,
  BitwiseOr: broadcastAll,
  BitwiseXor: broadcastAll,
  Pow: broadcastAll,
  Mod: broadcastAll,
  Max: broadcastAll,
  Min: broadcastAll,
  Sum: broadcastAll,
  Mean: broadcastAll,
  Equal: compare,
  Greater: compare,
  GreaterOrEqual: compare,
  Less: compare,
  LessOrEqual: compare,
  And: compare,
  Or: compare,
  Xor: compare,
  Where: (site) => [{ dtype: site.input(1).dtype, dims: broadcastInputs(site, 0) }],
  Dropout: (site) => [
    { ...site.input(0), value: undefined },
    { dtype: 'bool', dims: site.input(0).dims },
  ],
  BatchNormalization: (site) => [
    { ...site.input(0), value: undefined },
    site.input(3),
    site.input(4),
  ],
};

function broadcastInputs(site: Site, first: number): readonly Dim[] | undefined {
  let joined: readonly Dim[] | undefined = [];
  for (let index = first; index < site.node.inputs.length; index++) {
    joined = broadcast(site, joined, site.input(index).dims);
  }
  return joined;
}

/** Sizes after multidirectional broadcasting (ONNX, "Broadcasting"). */
export function broadcast(
  site: Site,
  a: readonly Dim[] | undefined,
  b: readonly Dim[] | undefined,
): readonly Dim[] | undefined {
  if (a === undefined || b === undefined) return undefined;
  const rank = Math.max(a.length, b.length);
  const at = (dims: readonly Dim[], axis: number): Dim =>
    axis < rank - dims.length ? 1 : dims[axis - rank + dims.length];
  return Array.from({ length: rank }, (_, axis) => joinDims(site, at(a, axis), at(b, axis)));
}

function joinDims(site: Site, a: Dim, b: Dim): Dim {
  if (a === 1 || a === b) return b;
  if (b === 1) return a;
  if (typeof a === 'number' && typeof b === 'number') {
    return site.refuse(`sizes ${a} and ${b} do not broadcast`);
  }
  // A number above one wins: whatever the other side is, it must become that number.
  if (typeof a === 'number') return a;
  return typeof b === 'number' ? b : undefined;
}
