import { FleetError } from '@edgewise/protocol';
import type { Initializer, Node } from '../graph.ts';
import { type Dim, type Known, unknown } from './known.ts';

/** Where a rule stands: one node with what is known of its inputs. */
export interface Site {
  readonly node: Node;
  /** Version of the standard operator set. */
  readonly opset: number;
  /** `unknown` for an input that is not given. */
  input(index: number): Known;
  /** The constant at an input, if it is one. */
  constant(index: number): Initializer | undefined;
  /** Whether the input is there at all. */
  given(index: number): boolean;
  /** The numbers of an input that are known, of any type. */
  number(index: number): readonly number[] | undefined;
  int(name: string, fallback: number): number;
  ints(name: string): readonly number[] | undefined;
  text(name: string): string | undefined;
  /** Rejects the node: `invalid-argument` with its name and operator. */
  refuse(reason: string): never;
}

/** Gives what is known of a node's outputs; a shorter list leaves the rest unknown. */
export type Rule = (site: Site) => readonly Known[];

/** The world of a rule, as plain lookups. */
export function siteOf(
  node: Node,
  context: {
    readonly opset: number;
    known(name: string): Known | undefined;
    constant(name: string): Initializer | undefined;
  },
): Site {
  return {
    node,
    opset: context.opset,
    input: (index) => context.known(node.inputs[index] ?? '') ?? unknown,
    constant: (index) => context.constant(node.inputs[index] ?? ''),
    given: (index) => (node.inputs[index] ?? '') !== '',
    number: (index) => numbersAt(node.inputs[index] ?? '', context),
    int: (name, fallback) => {
      const attribute = node.attributes.get(name);
      return attribute?.type === 'int' ? Number(attribute.value) : fallback;
    },
    ints: (name) => {
      const attribute = node.attributes.get(name);
      return attribute?.type === 'ints' ? attribute.value.map(Number) : undefined;
    },
    text: (name) => {
      const attribute = node.attributes.get(name);
      return attribute?.type === 'string' ? new TextDecoder().decode(attribute.value) : undefined;
    },
    refuse: (reason) => {
      throw new FleetError('invalid-argument', `Node ${describe(node)}: ${reason}`);
    },
  };
}

function numbersAt(
  name: string,
  context: Parameters<typeof siteOf>[1],
): readonly number[] | undefined {
  const value = context.known(name)?.value;
  if (value?.every((item): item is number => typeof item === 'number')) return value;
  const data = context.constant(name)?.data;
  return ArrayBuffer.isView(data) ? Array.from(data as Float32Array, Number) : undefined;
}

/** How errors name a node. */
export function describe(node: Node): string {
  return `${node.name === '' ? (node.outputs[0] ?? '?') : node.name} (${node.op})`;
}

/** A whole axis number in [0, rank); `undefined` when it lies outside. */
export function axisWithin(axis: number, rank: number): number | undefined {
  const positive = axis < 0 ? axis + rank : axis;
  return positive >= 0 && positive < rank ? positive : undefined;
}

/** The axis that an attribute names, for an input of known rank. */
export function axisOf(site: Site, fallback: number, rank: number): number {
  const axis = site.int('axis', fallback);
  return axisWithin(axis, rank) ?? site.refuse(`axis ${axis} lies outside rank ${rank}`);
}

/** The integers at an input or, in older operator sets, at the attribute of that name. */
export function integersAt(
  site: Site,
  index: number,
  attribute: string,
): readonly number[] | undefined {
  const fromAttribute = site.ints(attribute);
  if (fromAttribute !== undefined) return fromAttribute;
  const value = site.input(index).value;
  return value?.every((item): item is number => typeof item === 'number') ? value : undefined;
}

/** Whether two sizes may be equal when the graph runs. */
export function compatible(a: Dim, b: Dim): boolean {
  return typeof a !== 'number' || typeof b !== 'number' || a === b;
}
