/**
 * A typed, in-memory ONNX model: what the reader gives, transforms rewrite and the writer takes.
 * Plain data in the order of the file; names follow the ONNX intermediate representation
 * (onnx.proto3, IR version 8 to 10).
 */
import type { Tensor } from '../tensor/tensor.ts';

/** A whole file. */
export interface Model {
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  /** Operator set version by domain; `''` is the standard domain. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly graph: Graph;
}

/** Nodes in topological order, with the constants they read. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Constants by name. */
  readonly initializers: ReadonlyMap<string, Initializer>;
  /** Known types of inner values by name; may be empty. */
  readonly values: ReadonlyMap<string, ValueInfo>;
}

/** One operator. An empty input or output name means "not given", as in ONNX. */
export interface Node {
  readonly name: string;
  readonly op: string;
  /** `''` is the standard domain. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** An attribute's value with its ONNX type. */
export type Attribute =
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: Uint8Array }
  | { readonly type: 'tensor'; readonly value: Initializer }
  | { readonly type: 'graph'; readonly value: Graph }
  | { readonly type: 'ints'; readonly value: readonly bigint[] }
  | { readonly type: 'floats'; readonly value: readonly number[] }
  | { readonly type: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly type: 'tensors'; readonly value: readonly Initializer[] }
  | { readonly type: 'graphs'; readonly value: readonly Graph[] }
  /** A TypeProto as it stands in the file. */
  | { readonly type: 'type'; readonly value: Uint8Array };

/** A constant: a tensor, or bytes of an element type that we carry but do not compute with. */
export type Initializer =
  | Tensor
  | {
      readonly dtype: OpaqueDType;
      readonly dims: readonly number[];
      readonly data: Uint8Array | readonly Uint8Array[];
    };

/** Types that survive read -> write as they are; `string` data is a list of UTF-8 strings. */
const opaqueDTypes = [
  'float16',
  'bfloat16',
  'int4',
  'uint4',
  'string',
  'complex64',
  'complex128',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
] as const;
export type OpaqueDType = (typeof opaqueDTypes)[number];

/** Name, element type and shape of a value. */
export interface ValueInfo {
  readonly name: string;
  /** `undefined` for sequences, maps and other types that are carried but not computed with. */
  readonly dtype: Tensor['dtype'] | OpaqueDType | undefined;
  /** `undefined`: unknown rank. A number, a symbol such as `batch`, or `undefined` for an unknown size. */
  readonly dims: readonly (number | string | undefined)[] | undefined;
  /** The TypeProto of a sequence, map or optional, as it stands in the file; absent for tensors. */
  readonly foreign?: Uint8Array;
}
