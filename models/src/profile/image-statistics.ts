import { FleetError } from '@edgewise/protocol';
import type { ModelInput } from '../bundle/manifest.ts';
import { int, ints } from '../onnx/builder.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import {
  type Columns,
  levelOf,
  neighbourDifference,
  rangeOf,
  rootMeanSquare,
  slice,
} from './columns.ts';
import { channelsFirst, floatInput } from './float-input.ts';
import type { HeadWriter } from './head-writer.ts';

/** Side of the patches whose means give the range: single pixels would sit at 0 and 255 for ever. */
const patch = 4;
/** Lines of a larger image that are looked at: thousands of pixels tell as much as all, in a fraction of a run. */
const mostLines = 64;

/** Level, range and gradients of an image; of a large one in grey, on a lattice of its pixels. */
export function imageStatistics(writer: HeadWriter, input: ModelInput): readonly Columns[] {
  const layout = layoutOf(input.dims);
  const every = Math.ceil(Math.max(layout.height, layout.width) / mostLines);
  const isLarge = every > 1 && Math.min(layout.height, layout.width) > 1;
  if (!isLarge) return allStatistics(writer, floatInput(writer, input), layout);
  const moved = layout.isChannelsFirst ? undefined : channelsFirst(writer, input);
  return moved === undefined
    ? latticeStatistics(writer, floatInput(writer, input), { ...layout, every })
    : latticeStatistics(writer, moved, { ...layout, every, isChannelsFirst: true });
}

function allStatistics(writer: HeadWriter, raw: string, layout: ImageLayout): readonly Columns[] {
  const { height, width, channels, isChannelsFirst } = layout;
  const axis = isChannelsFirst ? 1 : 3;
  const grey = channels === 1 ? raw : writer.reduce('ReduceMean', raw, [axis]);
  const plane = reshaped(writer, grey, [-1, 1, height, width]);
  const means = patchMeans(writer, plane, [height, width]);
  const directions = [
    { name: 'gradient-x', axis: 3, length: width },
    { name: 'gradient-y', axis: 2, length: height },
  ].filter(({ length }) => length > 1);
  return [
    ...levelOf(writer, writer.op('Flatten', [raw], { axis: int(1) })),
    ...rangeOf(writer, writer.op('Flatten', [means], { axis: int(1) })),
    ...directions.map(({ name, ...along }) => {
      const difference = neighbourDifference(writer, plane, along);
      const flat = writer.op('Flatten', [difference], { axis: int(1) });
      return { value: rootMeanSquare(writer, flat, [1]), names: [name] };
    }),
  ];
}

function patchMeans(
  writer: HeadWriter,
  plane: string,
  [height, width]: readonly [number, number],
): string {
  const side = Math.min(patch, height, width);
  const square = ints([side, side]);
  return writer.op('AveragePool', [plane], { kernel_shape: square, strides: square });
}

/**
 * One strided convolution gives the grey of every so many-th pixel, and how much the pixels right of
 * it and below it differ from it.
 */
function latticeStatistics(
  writer: HeadWriter,
  raw: string,
  layout: ImageLayout & { readonly every: number },
): readonly Columns[] {
  const { height, width, channels, isChannelsFirst, every } = layout;
  const steps = (length: number): number => Math.floor((length - 2) / every) + 1;
  const [rows, columns] = [steps(height), steps(width)];
  // Colours that come last are columns of one plane.
  const perPixel = isChannelsFirst ? 1 : channels;
  const planes = isChannelsFirst ? channels : 1;
  const image = planes === 1 ? reshaped(writer, raw, [-1, 1, height, width * perPixel]) : raw;
  const differences = 1 / Math.sqrt(rows * columns);
  const weights = lookingAt({ planes, perPixel, channels }, differences);
  const looked = writer.op('Conv', [image, writer.constant(weights)], {
    kernel_shape: ints([2, 2 * perPixel]),
    strides: ints([every, every * perPixel]),
  });
  const part = (from: number, to: number): string =>
    slice(writer, looked, { from: [from], to: [to], axes: [1] });
  const grey = part(0, 1);
  const mean = writer.reduce('ReduceMean', grey, [1, 2, 3]);
  const spread = rootMeanSquare(writer, writer.op('Sub', [grey, mean]), [1, 2, 3]);
  const means = patchMeans(writer, grey, [rows, columns]);
  const low = writer.reduce('ReduceMin', means, [1, 2, 3]);
  const high = writer.reduce('ReduceMax', means, [1, 2, 3]);
  // Divided by the root of their number already, so that the length is the root mean square.
  const gradients = writer.reduce('ReduceL2', part(1, 3), [2, 3]);
  // Joined before they lose their axes of size 1: few nodes matter where a run is short.
  const joined = writer.op('Concat', [mean, spread, low, high, gradients], { axis: int(1) });
  const names = ['mean', 'spread', 'low', 'high', 'gradient-x', 'gradient-y'];
  return [{ value: writer.op('Flatten', [joined], { axis: int(1) }), names }];
}

interface Look {
  readonly planes: number;
  readonly perPixel: number;
  readonly channels: number;
}

/** Weights [3, planes, 2, 2 * perPixel] on a pixel, the one right of it and the one below it. */
function lookingAt({ planes, perPixel, channels }: Look, differences: number): Tensor<'float32'> {
  const onPixel = [
    { value: 1, right: 0, below: 0 },
    { value: -differences, right: differences, below: 0 },
    { value: -differences, right: 0, below: differences },
  ];
  const weights = onPixel.flatMap(({ value, right, below }) =>
    Array.from({ length: planes }, () => [
      ...new Array<number>(perPixel).fill(value / channels),
      ...new Array<number>(perPixel).fill(right / channels),
      ...new Array<number>(perPixel).fill(below / channels),
      ...new Array<number>(perPixel).fill(0),
    ]).flat(),
  );
  return tensor('float32', [3, planes, 2, 2 * perPixel], Float32Array.from(weights));
}

function reshaped(writer: HeadWriter, value: string, dims: readonly number[]): string {
  const shape = tensor('int64', [dims.length], BigInt64Array.from(dims, BigInt));
  return writer.op('Reshape', [value, writer.constant(shape)]);
}

interface ImageLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly isChannelsFirst: boolean;
}

/** [height, width], or with at most 4 colours first or last. */
function layoutOf(dims: readonly number[]): ImageLayout {
  const [a = 0, b = 0, c = 0] = dims;
  const last = { height: a, width: b, isChannelsFirst: false };
  if (dims.length === 2) return { ...last, channels: 1 };
  if (dims.length === 3 && a <= 4) {
    return { height: b, width: c, channels: a, isChannelsFirst: true };
  }
  if (dims.length === 3 && c <= 4) return { ...last, channels: c };
  throw new FleetError('invalid-argument', `An image of [${dims.join(', ')}] has no known layout.`);
}
