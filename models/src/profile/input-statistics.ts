import { FleetError } from '@edgewise/protocol';
import type { ModelInput } from '../bundle/manifest.ts';
import { int, ints } from '../onnx/builder.ts';
import { elementCount, tensor } from '../tensor/tensor.ts';
import { type HeadWriter, toFloat32 } from './head-writer.ts';

/** One or more columns of the profile vector. */
export interface Columns {
  /** Value [batch, names.length]. */
  readonly value: string;
  readonly names: readonly string[];
}

/** Vectors up to this length are counted column by column, longer ones by their statistics. */
const mostColumns = 32;

/** What is counted of the raw input, by its kind. */
export function inputStatistics(
  writer: HeadWriter,
  input: ModelInput,
  columnNames: readonly string[] | undefined,
): readonly Columns[] {
  const raw = input.dtype === 'float32' ? input.name : writer.op('Cast', [input.name], toFloat32);
  const flat = writer.op('Flatten', [raw], { axis: int(1) });
  const length = elementCount(input.dims);
  if (input.source === 'vector' && length <= mostColumns) {
    return [{ value: flat, names: namesOf(columnNames, length) }];
  }
  const level = levelOf(writer, flat);
  if (input.source === 'image') return [...level, ...imageStatistics(writer, raw, input.dims)];
  const slope = input.source === 'waveform' ? [slopeOf(writer, flat, length)] : [];
  return [...level, ...rangeOf(writer, flat), ...slope];
}

function namesOf(given: readonly string[] | undefined, length: number): readonly string[] {
  if (given === undefined) return Array.from({ length }, (_, index) => `column-${index + 1}`);
  if (given.length === length) return given;
  throw new FleetError('invalid-argument', `${given.length} names for ${length} columns.`);
}

function levelOf(writer: HeadWriter, flat: string): readonly Columns[] {
  const mean = writer.reduce('ReduceMean', flat);
  const spread = rootMeanSquare(writer, writer.op('Sub', [flat, mean]), [1]);
  return [
    { value: mean, names: ['mean'] },
    { value: spread, names: ['spread'] },
  ];
}

function rangeOf(writer: HeadWriter, flat: string): readonly Columns[] {
  return [
    { value: writer.reduce('ReduceMin', flat), names: ['low'] },
    { value: writer.reduce('ReduceMax', flat), names: ['high'] },
  ];
}

function slopeOf(writer: HeadWriter, flat: string, length: number): Columns {
  const difference = neighbourDifference(writer, flat, { axis: 1, length });
  return { value: rootMeanSquare(writer, difference, [1]), names: ['slope'] };
}

/** Side of the patches whose means give the range: single pixels would sit at 0 and 255 for ever. */
const patch = 4;

function imageStatistics(
  writer: HeadWriter,
  raw: string,
  dims: readonly number[],
): readonly Columns[] {
  const { height, width, channelAxis } = layoutOf(dims);
  const grey = channelAxis === undefined ? raw : writer.reduce('ReduceMean', raw, [channelAxis]);
  const shape = tensor('int64', [4], BigInt64Array.of(-1n, 1n, BigInt(height), BigInt(width)));
  const plane = writer.op('Reshape', [grey, writer.constant(shape)]);
  const side = Math.min(patch, height, width);
  const square = ints([side, side]);
  const means = writer.op('AveragePool', [plane], { kernel_shape: square, strides: square });
  return [
    ...rangeOf(writer, writer.op('Flatten', [means], { axis: int(1) })),
    ...gradientsOf(writer, plane, { height, width }),
  ];
}

function gradientsOf(
  writer: HeadWriter,
  plane: string,
  { height, width }: { readonly height: number; readonly width: number },
): readonly Columns[] {
  const directions = [
    { name: 'gradient-x', axis: 3, length: width },
    { name: 'gradient-y', axis: 2, length: height },
  ].filter(({ length }) => length > 1);
  return directions.map(({ name, axis, length }) => {
    const difference = neighbourDifference(writer, plane, { axis, length });
    const flat = writer.op('Flatten', [difference], { axis: int(1) });
    return { value: rootMeanSquare(writer, flat, [1]), names: [name] };
  });
}

function neighbourDifference(
  writer: HeadWriter,
  value: string,
  { axis, length }: { readonly axis: number; readonly length: number },
): string {
  const list = (number: number): string =>
    writer.constant(tensor('int64', [1], BigInt64Array.of(BigInt(number))));
  const part = (from: number, to: number): string =>
    writer.op('Slice', [value, list(from), list(to), list(axis)]);
  return writer.op('Sub', [part(1, length), part(0, length - 1)]);
}

function rootMeanSquare(writer: HeadWriter, value: string, axes: readonly number[]): string {
  const square = writer.op('Mul', [value, value]);
  return writer.op('Sqrt', [writer.reduce('ReduceMean', square, axes)]);
}

interface ImageLayout {
  readonly height: number;
  readonly width: number;
  /** Axis of the colours in the batch, when there is more than one. */
  readonly channelAxis: number | undefined;
}

/** [height, width], or with at most 4 colours first or last. */
function layoutOf(dims: readonly number[]): ImageLayout {
  const [a = 0, b = 0, c = 0] = dims;
  if (dims.length === 2) return { height: a, width: b, channelAxis: undefined };
  if (dims.length === 3 && a <= 4)
    return { height: b, width: c, channelAxis: a > 1 ? 1 : undefined };
  if (dims.length === 3 && c <= 4)
    return { height: a, width: b, channelAxis: c > 1 ? 3 : undefined };
  throw new FleetError('invalid-argument', `An image of [${dims.join(', ')}] has no known layout.`);
}
