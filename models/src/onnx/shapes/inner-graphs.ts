import type { Graph, Node } from '../graph.ts';
import { type Dim, type Known, unknown } from './known.ts';

/** What is known of the outputs of an inner graph, given what is known of its inputs. */
export type InnerWalk = (graph: Graph, inputs: readonly Known[]) => readonly Known[];

/** What is known of the outputs of `If`, `Loop` and `Scan`; `undefined` for other operators. */
export function outputsOfInner(
  node: Node,
  input: (index: number) => Known,
  walk: InnerWalk,
): readonly Known[] | undefined {
  if (node.op === 'If') return chosen(node, walk);
  if (node.op === 'Loop') return looped(node, input, walk);
  return node.op === 'Scan' ? scanned(node, input, walk) : undefined;
}

function chosen(node: Node, walk: InnerWalk): readonly Known[] {
  const [then, other] = ['then_branch', 'else_branch'].map((name) => graphOf(node, name));
  if (then === undefined || other === undefined) return [];
  const [left, right] = [walk(then, []), walk(other, [])];
  return left.map((known, at) => either(known, right[at] ?? unknown));
}

/** Carried values may change their sizes from round to round. */
function looped(node: Node, input: (index: number) => Known, walk: InnerWalk): readonly Known[] {
  const body = graphOf(node, 'body');
  if (body === undefined) return [];
  const first = node.inputs.slice(2).map((_, at) => input(at + 2));
  const carried = first.map(({ dtype }): Known => ({ dtype, dims: undefined }));
  const round: Known = { dtype: 'int64', dims: [] };
  const given = walk(body, [round, { dtype: 'bool', dims: [] }, ...carried]).slice(1);
  return given.map((known, at) =>
    at < first.length ? either(known, first[at] ?? unknown) : stacked(known, undefined),
  );
}

function scanned(node: Node, input: (index: number) => Known, walk: InnerWalk): readonly Known[] {
  const body = graphOf(node, 'body');
  const count = node.attributes.get('num_scan_inputs');
  if (body === undefined || count?.type !== 'int') return [];
  const usesOtherAxes = [...node.attributes.keys()].some((name) => name.endsWith('_axes'));
  if (usesOtherAxes) return [];
  const states = node.inputs.length - Number(count.value);
  const inputs = node.inputs.map((_, at) => input(at));
  const rounds = inputs[states]?.dims?.[0];
  const parts = inputs.map(
    (known, at): Known =>
      at < states ? known : { dtype: known.dtype, dims: known.dims?.slice(1) },
  );
  return walk(body, parts).map((known, at) => (at < states ? known : stacked(known, rounds)));
}

const stacked = ({ dtype, dims }: Known, rounds: Dim): Known => ({
  dtype,
  dims: dims && [rounds, ...dims],
});

function graphOf(node: Node, name: string): Graph | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'graph' ? attribute.value : undefined;
}

/** What is known when two computations may each have given a value. */
function either(one: Known, other: Known): Known {
  const { dims } = one;
  const same = dims !== undefined && dims.length === other.dims?.length;
  return {
    dtype: one.dtype === other.dtype ? one.dtype : undefined,
    dims: same ? dims.map((size, at) => (size === other.dims?.[at] ? size : undefined)) : undefined,
  };
}
