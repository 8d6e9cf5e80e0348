import type { Node } from '../../onnx/graph.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { elementCount } from '../../tensor/tensor.ts';
import { type WindowGeometry, windowCells, windowGeometry } from '../../train/gradients/window.ts';
import type { ProductLayout } from './product-layout.ts';

/** Reads what single output positions of a layer see and give, over all samples of a feed. */
export interface RowReader {
  /** Output positions: samples times the size of the feature map. */
  readonly rows: number;
  /** Writes the `depth` numbers that a row sees in a group. */
  readInput(row: number, group: number, into: Float32Array): void;
  /** Writes the `width` numbers that a group gives there. */
  readOutput(row: number, group: number, into: Float32Array): void;
}

/** For the float32 input and output that a layer had with one feed. */
export function rowReaderOf(
  node: Node,
  layout: ProductLayout,
  values: { readonly input: Tensor; readonly output: Tensor },
): RowReader {
  return node.op === 'Conv' || node.op === 'ConvTranspose'
    ? mapReader(node, layout, values)
    : matrixReader(layout, values);
}

function matrixReader(
  { depth, width }: ProductLayout,
  { input, output }: { readonly input: Tensor; readonly output: Tensor },
): RowReader {
  const [from, to] = [input.data as Float32Array, output.data as Float32Array];
  return {
    rows: from.length / depth,
    readInput: (row, _, into) => into.set(from.subarray(row * depth, (row + 1) * depth)),
    readOutput: (row, _, into) => into.set(to.subarray(row * width, (row + 1) * width)),
  };
}

function mapReader(
  node: Node,
  { groups, depth, width, kernel }: ProductLayout,
  { input, output }: { readonly input: Tensor; readonly output: Tensor },
): RowReader {
  const sources = sourcesOf({ node, kernel }, input.dims, output.dims);
  const { cells } = sources;
  const channels = depth / cells;
  const [from, to] = [input.data as Float32Array, output.data as Float32Array];
  const inputSize = elementCount(input.dims.slice(2));
  const outputSize = elementCount(output.dims.slice(2));
  return {
    rows: (output.dims[0] ?? 0) * outputSize,
    readInput(row, group, into) {
      const sample = Math.floor(row / outputSize);
      const seen = sources.at(row % outputSize);
      for (let channel = 0; channel < channels; channel++) {
        const start = ((sample * groups + group) * channels + channel) * inputSize;
        for (let cell = 0; cell < cells; cell++) {
          const source = seen[cell] ?? -1;
          into[channel * cells + cell] = source < 0 ? 0 : (from[start + source] ?? 0);
        }
      }
    },
    readOutput(row, group, into) {
      const sample = Math.floor(row / outputSize);
      const start = (sample * groups + group) * width * outputSize + (row % outputSize);
      for (let channel = 0; channel < width; channel++) {
        into[channel] = to[start + channel * outputSize] ?? 0;
      }
    },
  };
}

/** Where the cells of a window lie. */
interface Sources {
  readonly cells: number;
  /** For an output position, the input position of each cell; -1 outside of the input. */
  at(position: number): Int32Array;
}

function sourcesOf(
  { node, kernel }: { readonly node: Node; readonly kernel: readonly number[] },
  input: readonly number[],
  output: readonly number[],
): Sources {
  const isTransposed = node.op === 'ConvTranspose';
  const geometry = geometryOf(node, kernel, isTransposed ? [output, input] : [input, output]);
  const source = isTransposed ? reachedFrom(geometry) : seenBy(geometry);
  const [inner, outer] = [input.slice(2), output.slice(2)];
  const cells = windowCells(geometry.kernel);
  let last = { position: -1, seen: new Int32Array() };
  return {
    cells: cells.length,
    at(position) {
      // All groups of a row ask for the same.
      if (position === last.position) return last.seen;
      const places = coordinatesOf(position, outer);
      const seen = Int32Array.from(cells, (cell) => {
        let flat = 0;
        for (const [axis, offset] of cell.entries()) {
          const place = source(axis, places[axis] ?? 0, offset);
          if (place < 0 || place >= (inner[axis] ?? 0)) return -1;
          flat = flat * (inner[axis] ?? 0) + place;
        }
        return flat;
      });
      last = { position, seen };
      return seen;
    },
  };
}

type SourceOf = (axis: number, place: number, offset: number) => number;

/** A convolution sees, from each place, the cells of a window that starts there. */
const seenBy =
  ({ strides, dilations, before }: WindowGeometry): SourceOf =>
  (axis, place, offset) =>
    place * (strides[axis] ?? 1) + offset * (dilations[axis] ?? 1) - (before[axis] ?? 0);

/** A transposed one is reached from those places whose window has a cell there; -1 for no place. */
const reachedFrom =
  ({ strides, dilations, before }: WindowGeometry): SourceOf =>
  (axis, place, offset) => {
    const start = place + (before[axis] ?? 0) - offset * (dilations[axis] ?? 1);
    const source = start / (strides[axis] ?? 1);
    return Number.isInteger(source) ? source : -1;
  };

/** The geometry of the convolution that goes from the first sizes to the second. */
function geometryOf(
  { attributes }: Node,
  kernel: readonly number[],
  [from, to]: readonly [readonly number[], readonly number[]],
): WindowGeometry {
  const dims = (name: string): readonly number[] => (name === 'from' ? from : to);
  return windowGeometry({ attributes, inputs: ['from'], outputs: ['to'], dims }, kernel);
}

function coordinatesOf(position: number, sizes: readonly number[]): readonly number[] {
  let rest = position;
  return sizes
    .toReversed()
    .map((size) => {
      const place = rest % size;
      rest = Math.floor(rest / size);
      return place;
    })
    .toReversed();
}
