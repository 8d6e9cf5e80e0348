import { FleetError } from '@edgewise/protocol';
import type { ModelInput } from '../bundle/manifest.ts';
import { int, ints } from '../onnx/builder.ts';
import { tensor } from '../tensor/tensor.ts';
import {
  type Columns,
  floatOf,
  levelOf,
  neighbourDifference,
  rangeOf,
  rootMeanSquare,
  slice,
} from './columns.ts';
import type { HeadWriter } from './head-writer.ts';

/** Side of the patches whose means give the range: single pixels would sit at 0 and 255 for ever. */
const patch = 4;
/** Of larger images only so many rows and columns are looked at: statistics of thousands of pixels tell as much as of all, in a fraction of a run. */
const mostLines = 64;

/** Level, range and gradients of an image, looked at on a lattice of pixels where it is large. */
export function imageStatistics(writer: HeadWriter, input: ModelInput): readonly Columns[] {
  const layout = layoutOf(input.dims);
  const every = Math.ceil(Math.max(layout.height, layout.width) / mostLines);
  const lattice = createLattice(writer, input, { layout, every });
  const base = lattice.at(0, 0);
  const side = Math.min(patch, base.height, base.width);
  const square = ints([side, side]);
  const means = writer.op('AveragePool', [base.plane], { kernel_shape: square, strides: square });
  return [
    ...levelOf(writer, writer.op('Flatten', [base.pixels], { axis: int(1) })),
    ...rangeOf(writer, writer.op('Flatten', [means], { axis: int(1) })),
    ...gradientsOf(writer, { lattice, base, layout, every }),
  ];
}

/** Every so many-th pixel of an image, from some row and column on. */
interface Pixels {
  /** In float32, in the layout of the image. */
  readonly pixels: string;
  /** Grey, [batch, 1, height, width]. */
  readonly plane: string;
  readonly height: number;
  readonly width: number;
}

interface Lattice {
  at(row: number, column: number): Pixels;
}

function createLattice(
  writer: HeadWriter,
  input: ModelInput,
  { layout, every }: { readonly layout: ImageLayout; readonly every: number },
): Lattice {
  const { heightAxis, channelAxis } = layout;
  const cut = (row: number, column: number): string =>
    slice(writer, input.name, {
      from: [row, column],
      to: [layout.height, layout.width],
      axes: [heightAxis, heightAxis + 1],
      every: [every, every],
    });
  return {
    at(row, column) {
      const pixels = floatOf(writer, input, every === 1 ? input.name : cut(row, column));
      const height = Math.ceil((layout.height - row) / every);
      const width = Math.ceil((layout.width - column) / every);
      const grey =
        channelAxis === undefined ? pixels : writer.reduce('ReduceMean', pixels, [channelAxis]);
      const shape = tensor('int64', [4], BigInt64Array.of(-1n, 1n, BigInt(height), BigInt(width)));
      return {
        ...{ pixels, height, width },
        plane: writer.op('Reshape', [grey, writer.constant(shape)]),
      };
    },
  };
}

interface Gradients {
  readonly lattice: Lattice;
  readonly base: Pixels;
  readonly layout: ImageLayout;
  readonly every: number;
}

/** From pixels to those beside them, of which a lattice has the neighbours in lattices of their own. */
function gradientsOf(
  writer: HeadWriter,
  { lattice, base: { plane }, layout: { height, width }, every }: Gradients,
): readonly Columns[] {
  const directions = [
    { name: 'gradient-x', axis: 3, length: width, step: [0, 1] },
    { name: 'gradient-y', axis: 2, length: height, step: [1, 0] },
  ] as const;
  return directions
    .filter(({ length }) => length > 1)
    .map(({ name, axis, length, step: [row, column] }) => {
      const differenceOnLattice = (): string => {
        const beside = lattice.at(row, column);
        const { height: rows, width: columns } = beside;
        const cut = { from: [0, 0], to: [rows, columns], axes: [2, 3] };
        return writer.op('Sub', [beside.plane, slice(writer, plane, cut)]);
      };
      const difference =
        every === 1 ? neighbourDifference(writer, plane, { axis, length }) : differenceOnLattice();
      const flat = writer.op('Flatten', [difference], { axis: int(1) });
      return { value: rootMeanSquare(writer, flat, [1]), names: [name] };
    });
}

interface ImageLayout {
  readonly height: number;
  readonly width: number;
  /** Axis of the rows in the batch; the columns follow. */
  readonly heightAxis: number;
  /** Axis of the colours in the batch, when there is more than one. */
  readonly channelAxis: number | undefined;
}

/** [height, width], or with at most 4 colours first or last. */
function layoutOf(dims: readonly number[]): ImageLayout {
  const [a = 0, b = 0, c = 0] = dims;
  if (dims.length === 2) return { height: a, width: b, heightAxis: 1, channelAxis: undefined };
  if (dims.length === 3 && a <= 4)
    return { height: b, width: c, heightAxis: 2, channelAxis: a > 1 ? 1 : undefined };
  if (dims.length === 3 && c <= 4)
    return { height: a, width: b, heightAxis: 1, channelAxis: c > 1 ? 3 : undefined };
  throw new FleetError('invalid-argument', `An image of [${dims.join(', ')}] has no known layout.`);
}
