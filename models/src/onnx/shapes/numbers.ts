import { dtypeOf } from '../read-tensor.ts';
import type { Dim, Known } from './known.ts';
import { countOf } from './row-major.ts';
import { axisWithin, integersAt, type Site } from './site.ts';

/** The numbers of an output, as far as they can be told; `undefined` when nothing can. */
type NumberRule = (site: Site) => Known['value'];

/**
 * Exporters compute sizes, and conditions on sizes, within the graph: these operators are followed
 * with the numbers of scalars and lists, truth being 1 and untruth 0. A rule for sizes that knows
 * the numbers as well (`Shape`, `Concat`, `Slice` ...) stands in the other tables.
 */
export const numberRules: Readonly<Record<string, NumberRule>> = {
  Add: combine(numeric((a, b) => a + b)),
  Sub: combine(numeric((a, b) => a - b)),
  Mul: combine(numeric((a, b) => a * b)),
  Div: (site) => combine(numeric(isFloat(site) ? divide : (a, b) => Math.trunc(a / b)))(site),
  Mod: (site) => combine(numeric(site.int('fmod', 0) === 1 ? (a, b) => a % b : modulo))(site),
  Min: combine(numeric(Math.min)),
  Max: combine(numeric(Math.max)),
  Neg: combine(numeric((a) => -a)),
  Abs: combine(numeric(Math.abs)),
  Floor: combine(numeric(Math.floor)),
  Ceil: combine(numeric(Math.ceil)),
  Equal: combine(equal),
  Greater: combine(numeric((a, b) => Number(a > b))),
  GreaterOrEqual: combine(numeric((a, b) => Number(a >= b))),
  Less: combine(numeric((a, b) => Number(a < b))),
  LessOrEqual: combine(numeric((a, b) => Number(a <= b))),
  Not: combine(numeric((a) => Number(a === 0))),
  And: combine(numeric((a, b) => a * b)),
  Or: combine(numeric(Math.max)),
  Where: combine(([condition, yes, no]) => {
    if (typeof condition !== 'number') return undefined;
    return condition === 0 ? no : yes;
  }),
  Cast: (site) => {
    const to = dtypeOf(site.int('to', 1));
    if (to === 'bool') return combine(numeric((a) => Number(a !== 0)))(site);
    if (to === 'string' || isFraction(to)) return site.input(0).value;
    return site.input(0).value?.map((item) => (typeof item === 'number' ? Math.trunc(item) : item));
  },
  Size: (site) => {
    const { dims } = site.input(0);
    const count = dims === undefined ? undefined : countOf(dims);
    return count === undefined ? undefined : [count];
  },
  ReduceProd: gather((items) => items.reduce((product, item) => product * item, 1)),
  ReduceSum: gather((items) => items.reduce((sum, item) => sum + item, 0)),
  ReduceMax: gather((items) => Math.max(...items)),
  ReduceMin: gather((items) => Math.min(...items)),
};

const isFraction = (dtype: Known['dtype']): boolean => dtype?.includes('float') ?? false;
const isFloat = (site: Site): boolean => isFraction(site.input(0).dtype);
const divide = (a: number, b: number): number => Math.fround(a / b);

/** With the sign of the divisor, as integers have it in ONNX. */
const modulo = (a: number, b: number): number => ((a % b) + b) % b;

/** Applies a function to the numbers in the same place; a list of one counts for every place. */
function combine(compute: (items: readonly Dim[]) => Dim): NumberRule {
  return (site) => {
    const lists = site.node.inputs.map((_, at) => listOf(site.input(at)));
    if (!lists.every((list) => list !== undefined)) return undefined;
    const longest = Math.max(...lists.map((list) => list.length));
    if (lists.some(({ length }) => length !== 1 && length !== longest)) return undefined;
    return Array.from({ length: longest }, (_, place) =>
      compute(lists.map((list) => list[list.length === 1 ? 0 : place])),
    );
  };
}

/** Scalars and lists only: following higher ranks is not worth it. */
function listOf({ dims, value }: Known): Known['value'] {
  return dims !== undefined && dims.length <= 1 ? value : undefined;
}

function numeric(compute: (...items: number[]) => number) {
  return (items: readonly Dim[]): Dim => {
    const known = items.filter((item) => typeof item === 'number');
    const result = known.length === items.length ? compute(...known) : Number.NaN;
    return Number.isFinite(result) ? result : undefined;
  };
}

/** A size that has only a name is never negative. */
function equal([a, b]: readonly Dim[]): Dim {
  if (typeof a === 'number' && typeof b === 'number') return Number(a === b);
  if (a !== undefined && a === b) return 1;
  const isSize = (item: Dim): boolean => typeof item === 'string';
  const isNegative = (item: Dim): boolean => typeof item === 'number' && item < 0;
  return (isSize(a) && isNegative(b)) || (isSize(b) && isNegative(a)) ? 0 : undefined;
}

/** Joins all numbers of a list. */
function gather(compute: (items: readonly number[]) => number): NumberRule {
  return (site) => {
    const list = listOf(site.input(0));
    const axes = integersAt(site, 1, 'axes');
    const isWhole = axes === undefined ? !site.given(1) : axes.length === 1;
    const known = list?.filter((item) => typeof item === 'number');
    if (list === undefined || known?.length !== list.length || list.length === 0) return undefined;
    const isIdle = site.int('noop_with_empty_axes', 0) === 1;
    if (!isWhole || isIdle || axisWithin(axes?.[0] ?? 0, 1) !== 0) return undefined;
    return [compute(known)];
  };
}
