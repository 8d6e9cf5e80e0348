import { FleetError } from '@edgewise/protocol';
import { type DType, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Attribute, Initializer, Model, Node, ValueInfo } from './graph.ts';

/**
 * Writes a graph node by node. Names depend only on the order of the calls, so the same calls give
 * the same file. Unnamed constants with the same type, sizes and bytes are kept once.
 */
export interface GraphBuilder {
  /** The nodes written so far. */
  readonly nodes: readonly Node[];
  /** Declares an input and returns its name. A string among the sizes is a symbol. */
  input(name: string, dtype: DType, dims: readonly (number | string)[]): string;
  /** Declares an existing value as output. */
  output(name: string, dtype: DType, dims: readonly (number | string)[]): void;
  /** A constant under a name of its own; throws `invalid-argument` when the name is taken. */
  initializer(name: string, value: Initializer): string;
  /** A constant whose name does not matter. */
  constant(value: Tensor): string;
  /** A float32 scalar. */
  scalar(value: number): string;
  /** A one-dimensional int64 constant: axes, sizes, pads. */
  ints(values: readonly number[]): string;
  /** Writes a node with one output and returns the name of that output. */
  op(op: string, inputs: readonly string[], options?: NodeOptions): string;
  /** Writes a node with several outputs and returns their names; `''` leaves one out. */
  ops(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    options?: NodeOptions,
  ): void;
  /** Writes a node with so many outputs under fresh names, and returns these. */
  opMany(
    op: string,
    inputs: readonly string[],
    count: number,
    options?: Pick<NodeOptions, 'attributes' | 'domain'>,
  ): readonly string[];
  /** A fresh name that starts with `stem`. */
  name(stem: string): string;
  /** Records type and sizes of a value, for those who transform the graph later. */
  describe(value: ValueInfo): void;
  /** The model so far. */
  build(): Model;
}

/** What a node has beside its inputs. */
export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Name of the (first) output; a fresh one by default. */
  readonly output?: string;
  /** `''`, the standard domain, by default. */
  readonly domain?: string;
}

/** What a file says about itself. */
export interface BuilderOptions {
  /** Name of the graph. */
  readonly name: string;
  /** Version of the standard operator set, 13 to 21; default 17, which every runtime reads. */
  readonly opset?: number;
  readonly metadata?: ReadonlyMap<string, string>;
  /** Names that are to be given later by their owner: fresh names keep away from them. */
  readonly reserved?: ReadonlySet<string>;
}

/** IR version 8 belongs to opsets up to 18 (ONNX Versioning, "Released versions"); 10 to later ones. */
const irVersionOf = (opset: number): number => (opset <= 18 ? 8 : 10);

/** Starts an empty graph. */
export function createGraphBuilder(options: BuilderOptions): GraphBuilder {
  const opset = options.opset ?? 17;
  const nodes: Node[] = [];
  const inputs: ValueInfo[] = [];
  const outputs: ValueInfo[] = [];
  const initializers = new Map<string, Initializer>();
  const values = new Map<string, ValueInfo>();
  const taken = new Set<string>();
  const interned = new Map<string, string>();
  const counters = new Map<string, number>();
  const domains = new Set(['']);

  const claim = (name: string): string => {
    if (taken.has(name)) {
      throw new FleetError('invalid-argument', `The graph has two values named "${name}".`);
    }
    taken.add(name);
    return name;
  };
  const fresh = (stem: string): string => {
    for (;;) {
      const count = counters.get(stem) ?? 0;
      counters.set(stem, count + 1);
      const name = `${stem}_${count}`;
      if (!taken.has(name) && options.reserved?.has(name) !== true) return claim(name);
    }
  };
  const write = (
    op: string,
    from: readonly string[],
    to: readonly string[],
    given: NodeOptions,
  ): void => {
    const domain = given.domain ?? '';
    domains.add(domain);
    nodes.push({
      name: to.find((name) => name !== '') ?? '',
      op,
      domain,
      inputs: from,
      outputs: to,
      attributes: new Map(Object.entries(given.attributes ?? {})),
    });
  };
  const constant = (value: Tensor): string => {
    const key = keyOf(value);
    const known = key === undefined ? undefined : interned.get(key);
    if (known !== undefined) return known;
    const name = fresh('c');
    initializers.set(name, value);
    if (key !== undefined) interned.set(key, name);
    return name;
  };

  return {
    nodes,
    input(name, dtype, dims) {
      inputs.push({ name: claim(name), dtype, dims });
      return name;
    },
    output(name, dtype, dims) {
      outputs.push({ name, dtype, dims });
    },
    initializer(name, value) {
      initializers.set(claim(name), value);
      return name;
    },
    constant,
    scalar: (value) => constant(tensor('float32', [], new Float32Array([value]))),
    ints: (list) => constant(tensor('int64', [list.length], BigInt64Array.from(list, BigInt))),
    op(op, from, given = {}) {
      const name = given.output === undefined ? fresh(op.toLowerCase()) : claim(given.output);
      write(op, from, [name], given);
      return name;
    },
    ops(op, from, to, given = {}) {
      for (const name of to) if (name !== '') claim(name);
      write(op, from, to, given);
    },
    opMany(op, from, count, given = {}) {
      const to = Array.from({ length: count }, () => fresh(op.toLowerCase()));
      write(op, from, to, given);
      return to;
    },
    name: fresh,
    describe(value) {
      values.set(value.name, value);
    },
    build: () => ({
      irVersion: irVersionOf(opset),
      producerName: 'edgewise',
      producerVersion: '',
      opsets: new Map([...domains].map((domain) => [domain, domain === '' ? opset : 1])),
      metadata: options.metadata ?? new Map(),
      graph: {
        name: options.name,
        nodes: [...nodes],
        inputs: [...inputs],
        outputs: [...outputs],
        initializers: new Map(initializers),
        values: new Map(values),
      },
    }),
  };
}

/** Larger constants are rarely equal, and comparing them would cost more than it saves. */
const internedBytes = 256;

function keyOf({ dtype, dims, data }: Tensor): string | undefined {
  if (data.byteLength > internedBytes) return undefined;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return `${dtype} ${dims.join()} ${bytes.join()}`;
}

/** An integer attribute. */
export const int = (value: number): Attribute => ({ type: 'int', value: BigInt(value) });

/** A list of integers as an attribute. */
export const ints = (values: readonly number[]): Attribute => ({
  type: 'ints',
  value: values.map(BigInt),
});

/** A float32 attribute. */
export const float = (value: number): Attribute => ({ type: 'float', value });
