import type { GraphBuilder, NodeOptions } from '../onnx/builder.ts';
import type { DType, Tensor } from '../tensor/tensor.ts';
import type { LayerSpec } from './network.ts';
import type { Dims, Value } from './value.ts';

/** Where a rule stands: one call of one layer. */
export interface Site {
  readonly graph: GraphBuilder;
  readonly layer: LayerSpec;
  readonly inputs: readonly Value[];
  /** The only input. */
  readonly input: Value;
  /** The trained tensor of that name. Throws `malformed` when it is missing or of other sizes; `undefined` fits all. */
  weight(name: string, dims: Dims): Tensor<'float32'>;
  /** A constant of this layer under a name that people know it by; one for all calls. */
  constant(name: string, value: Tensor): string;
  /** Writes a node with one output and names it after the layer. */
  op(op: string, inputs: readonly string[], attributes?: NodeOptions['attributes']): string;
  /** Writes a node with several outputs; gives as many names. */
  ops(
    op: string,
    inputs: readonly string[],
    call: { readonly outputs: number; readonly attributes?: NodeOptions['attributes'] },
  ): readonly string[];
  /** The value as the model sees it. */
  plain(value: Value): string;
  /** The value with its last axis second. */
  first(value: Value): string;
  /** Calls a layer within this one; its weights are found under this one's name. */
  call(layer: LayerSpec, inputs: readonly Value[]): readonly Value[];
  /** Where a layer within this one stands, for its rule to be run in part. */
  within(layer: LayerSpec, inputs: readonly Value[]): Site;
  /** Keeps a remark for people: what the ONNX model does not do as the layer did. */
  note(text: string): void;
  /** Throws `unsupported` with the layer, its class and what to do. */
  refuse(reason: string): never;
  /** Throws `malformed` with the layer and its class. */
  malformed(reason: string): never;
}

/** Writes one call of a layer and gives its outputs. */
export type Rule = (site: Site) => Value | readonly Value[];

/** A value that a node wrote as the model sees it. */
export function plainValue(name: string, dims: Dims, dtype: DType = 'float32'): Value {
  return { name, dims, dtype, layout: 'plain' };
}

/** The same value after a function of each number by itself, in the layout that is there. */
export function each(site: Site, value: Value, write: (name: string) => string): Value {
  return { ...value, name: write(asFloat(site, value).name) };
}

/** Integers become float32, as tfjs does where it computes. */
export function asFloat(site: Site, value: Value): Value {
  if (value.dtype === 'float32') return value;
  const name = site.op('Cast', [value.name], { to: { type: 'int', value: 1n } });
  return { ...value, name, dtype: 'float32' };
}

/** A size that must be known before the model runs. Throws `unsupported` otherwise. */
export function sizeAt(site: Site, value: Value, axis: number): number {
  const at = axis < 0 ? axis + value.dims.length : axis;
  const size = value.dims[at];
  if (size !== undefined) return size;
  return site.refuse(
    `needs axis ${at} of its input to have a fixed size; give the model's input a full inputShape`,
  );
}
