import type { Attribute, Initializer, Node, ValueInfo } from '../graph.ts';

/** One node of an older operator set and what its rewrite may ask and do. */
export interface OldNode {
  readonly node: Node;
  /** The operator set that the model will have in the end. */
  readonly target: number;
  /** Type and sizes of a value, as far as they are known. */
  info(name: string): ValueInfo | undefined;
  /** The constant of that name, if it is one. */
  constant(name: string): Initializer | undefined;
  /** Whether a node or an output of the graph reads the value. */
  isRead(name: string): boolean;
  /** A name that no value of the model has. */
  fresh(stem: string): string;
  /** Adds a constant to the graph of the node and returns its name. */
  hold(stem: string, value: Initializer): string;
  /** Rejects the node: `unsupported` with its name and operator. */
  refuse(reason: string): never;
}

/** The nodes that stand for an older node; outputs keep their names. */
export type Rewrite = (old: OldNode) => readonly Node[];

/** A node of the standard domain that stands beside the rewritten one, without a name. */
export function makeNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  given: Readonly<Record<string, Attribute>> = {},
): Node {
  const attributes = new Map(Object.entries(given));
  return { name: '', op, domain: '', inputs, outputs, attributes };
}

/** The attributes of a node without some of them and with others. */
export function attributesOf(
  node: Node,
  without: readonly string[],
  plus: Readonly<Record<string, Attribute>> = {},
): Node['attributes'] {
  const kept = [...node.attributes].filter(([name]) => !without.includes(name));
  return new Map([...kept, ...Object.entries(plus)]);
}

/** A list of inputs with one set; inputs between are left out (`''`). */
export function withInput(
  inputs: readonly string[],
  index: number,
  name: string,
): readonly string[] {
  const filled = Array.from(
    { length: Math.max(inputs.length, index) },
    (_, at) => inputs[at] ?? '',
  );
  return [...filled.slice(0, index), name, ...filled.slice(index + 1)];
}
