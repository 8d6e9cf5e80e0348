import { type Tensor, tensor } from '../tensor/tensor.ts';
import type { HeadWriter } from './head-writer.ts';

/** One or more columns of the profile vector. */
export interface Columns {
  /** Value [batch, names.length]. */
  readonly value: string;
  readonly names: readonly string[];
}

/** Mean and standard deviation of `flat`, [batch, numbers]. */
export function levelOf(writer: HeadWriter, flat: string): readonly Columns[] {
  const mean = writer.reduce('ReduceMean', flat);
  const spread = rootMeanSquare(writer, writer.op('Sub', [flat, mean]), [1]);
  return [
    { value: mean, names: ['mean'] },
    { value: spread, names: ['spread'] },
  ];
}

/** Smallest and largest of `flat`, [batch, numbers]. */
export function rangeOf(writer: HeadWriter, flat: string): readonly Columns[] {
  return [
    { value: writer.reduce('ReduceMin', flat), names: ['low'] },
    { value: writer.reduce('ReduceMax', flat), names: ['high'] },
  ];
}

/** Differences of numbers beside each other along an axis of this length. */
export function neighbourDifference(
  writer: HeadWriter,
  value: string,
  { axis, length }: { readonly axis: number; readonly length: number },
): string {
  const part = (from: number, to: number): string =>
    slice(writer, value, { from: [from], to: [to], axes: [axis] });
  return writer.op('Sub', [part(1, length), part(0, length - 1)]);
}

/** Over axes that stay with size 1. */
export function rootMeanSquare(writer: HeadWriter, value: string, axes: readonly number[]): string {
  const square = writer.op('Mul', [value, value]);
  return writer.op('Sqrt', [writer.reduce('ReduceMean', square, axes)]);
}

/** What of a value is taken along some axes. */
export interface Cut {
  readonly from: readonly number[];
  /** Exclusive. */
  readonly to: readonly number[];
  readonly axes: readonly number[];
}

/** A part of a value. */
export function slice(writer: HeadWriter, value: string, { from, to, axes }: Cut): string {
  const constants = [from, to, axes].map((list) => writer.constant(integers(list)));
  return writer.op('Slice', [value, ...constants]);
}

/** A value with other axes; one size may be -1. */
export function reshaped(writer: HeadWriter, value: string, dims: readonly number[]): string {
  return writer.op('Reshape', [value, writer.constant(integers(dims))]);
}

/** A list as int64, which is how operators take sizes and places. */
export const integers = (values: readonly number[]): Tensor<'int64'> =>
  tensor('int64', [values.length], BigInt64Array.from(values, BigInt));
