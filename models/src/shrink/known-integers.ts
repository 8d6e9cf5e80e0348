import { intOf } from '../onnx/edit.ts';
import type { Graph, Initializer, Node } from '../onnx/graph.ts';
import { valueInfoOf } from '../onnx/shapes/infer.ts';
import { heldConstant } from './held-constant.ts';

/**
 * The integers (or truth values, as 0 and 1) of a value that can be told without running: what is
 * computed from constants and sizes by the few operators with which exporters ask for a shape.
 * `undefined` when they cannot be told.
 */
export type KnownIntegers = (name: string) => readonly number[] | undefined;

/** `graph` holds the shapes that could be inferred, `producers` the node that writes each value. */
export function knownIntegers(graph: Graph, producers: ReadonlyMap<string, Node>): KnownIntegers {
  const found = new Map<string, readonly number[] | undefined>();
  const ask: KnownIntegers = (name) => {
    if (found.has(name)) return found.get(name);
    // A circle has no answer.
    found.set(name, undefined);
    const constant = graph.initializers.get(name);
    const answer = constant === undefined ? derive(producers.get(name)) : integersOf(constant);
    found.set(name, answer);
    return answer;
  };
  const derive = (node: Node | undefined): readonly number[] | undefined => {
    if (node === undefined || node.domain !== '') return undefined;
    const held = heldConstant(node);
    if (held !== undefined) return integersOf(held);
    if (node.op === 'Shape') return sizesOf(graph, node);
    const rule = rules[node.op];
    const inputs = node.inputs.map(ask);
    return rule === undefined || inputs.includes(undefined)
      ? undefined
      : rule(inputs as readonly (readonly number[])[], node);
  };
  return ask;
}

type Rule = (inputs: readonly (readonly number[])[], node: Node) => readonly number[] | undefined;

const first: Rule = ([numbers]) => numbers;
const pairs =
  (compare: (a: number, b: number) => boolean): Rule =>
  ([a = [], b = []]) =>
    a.length === 1 && b.length === 1 ? [Number(compare(a[0] ?? 0, b[0] ?? 0))] : undefined;

const boolType = 9;
const rules: Readonly<Record<string, Rule>> = {
  Identity: first,
  Squeeze: first,
  Unsqueeze: first,
  Size: ([numbers = []]) => [numbers.length],
  Cast: ([numbers = []], node) =>
    intOf(node, 'to', 0) === boolType ? numbers.map((number) => Number(number !== 0)) : numbers,
  Gather: ([numbers = [], at = []], node) => {
    const picked = at.map((index) => numbers.at(index));
    const whole = intOf(node, 'axis', 0) === 0 && !picked.includes(undefined);
    return whole ? (picked as readonly number[]) : undefined;
  },
  Not: ([numbers = []]) => numbers.map((number) => Number(number === 0)),
  Equal: pairs((a, b) => a === b),
  Greater: pairs((a, b) => a > b),
  Less: pairs((a, b) => a < b),
  And: pairs((a, b) => a !== 0 && b !== 0),
  Or: pairs((a, b) => a !== 0 || b !== 0),
};

/** Longer lists are no sizes. */
const longest = 64;

function integersOf({ dtype, data }: Initializer): readonly number[] | undefined {
  const whole = dtype === 'int64' || dtype === 'int32' || dtype === 'bool';
  return whole && data.length <= longest ? Array.from(data as BigInt64Array, Number) : undefined;
}

function sizesOf(graph: Graph, node: Node): readonly number[] | undefined {
  const dims = valueInfoOf(graph, node.inputs[0] ?? '')?.dims;
  const known = dims?.every((size): size is number => typeof size === 'number') ? dims : undefined;
  const end = node.attributes.has('end') ? intOf(node, 'end', 0) : undefined;
  return known?.slice(intOf(node, 'start', 0), end);
}
