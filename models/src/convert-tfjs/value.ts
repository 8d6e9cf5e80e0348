import { type GraphBuilder, ints } from '../onnx/builder.ts';
import type { DType } from '../tensor/tensor.ts';

/** Sizes as the tfjs model sees them, batch first; `undefined` for what is open until it runs. */
export type Dims = readonly (number | undefined)[];

/**
 * A tensor of the tfjs model. tfjs keeps the channels of an image last and ONNX operators want them
 * right after the batch, so a value says which of the two its node wrote.
 */
export interface Value {
  /** In the order of the tfjs model, whatever the layout. */
  readonly dims: Dims;
  readonly dtype: DType;
  /** `plain`: as the model sees it; `first`: the last axis stands second. */
  readonly layout: 'plain' | 'first';
  /** The value in the graph, in that layout. */
  readonly name: string;
  /** A bool value `[batch, steps]`: which steps count. Absent: all. */
  readonly mask?: string | undefined;
}

/** Turns values between the layouts; a value that was turned one way is never turned back. */
export interface Layouts {
  plain(value: Value): string;
  first(value: Value): string;
}

/** Turning two axes or fewer is no turn at all. */
const smallestRank = 3;

/** Writes each transposition once. */
export function createLayouts(graph: GraphBuilder): Layouts {
  const twins = new Map<string, string>();
  const turn = (value: Value): string => {
    const known = twins.get(value.name);
    if (known !== undefined) return known;
    const twin = write(graph, value);
    twins.set(value.name, twin);
    twins.set(twin, value.name);
    return twin;
  };
  const as = (layout: Value['layout']) => (value: Value) =>
    value.layout === layout || value.dims.length < smallestRank ? value.name : turn(value);
  return { plain: as('plain'), first: as('first') };
}

function write(graph: GraphBuilder, { name, layout, dims }: Value): string {
  const rank = dims.length;
  const inner = Array.from({ length: rank - 2 }, (_, at) => at);
  const perm =
    layout === 'plain'
      ? [0, rank - 1, ...inner.map((at) => at + 1)]
      : [0, ...inner.map((at) => at + 2), 1];
  const target = layout === 'plain' ? perm.map((axis) => dims[axis]) : dims;
  if (isReshape(dims) && target.slice(1).every((size) => size !== undefined)) {
    // Moving an axis of one element moves no numbers, and engines are slow at such transpositions.
    return graph.op('Reshape', [name, graph.ints([0, ...(target.slice(1) as number[])])]);
  }
  return graph.op('Transpose', [name], { attributes: { perm: ints(perm) } });
}

function isReshape(dims: Dims): boolean {
  return dims.at(-1) === 1 || dims.slice(1, -1).every((size) => size === 1);
}
