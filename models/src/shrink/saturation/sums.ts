import { FleetError } from '@edgewise/protocol';
import { intOf } from '../../onnx/edit.ts';
import type { Node } from '../../onnx/graph.ts';
import type { IntegerLayer } from './integer-layers.ts';

/**
 * A layer as products of matrices, one for each group: every output is a sum over `depth` products
 * of a row of input codes and a column of weights. Their order is the one in which ONNX Runtime adds
 * them: of a convolution position by position of the kernel, channels innermost.
 */
export interface Sums {
  readonly depth: number;
  readonly groups: number;
  /** Rows of each group. */
  readonly rows: number;
  /** Columns of each group. */
  readonly columns: number;
  /** Writes the codes of a row into `into`; where a window hangs over the edge, the zero point. */
  gather(codes: ArrayLike<number>, at: RowAt, into: Int16Array): void;
  /** Where an output stands in the row-major output of the layer. */
  outputAt(row: number, group: number, column: number): number;
}

/** Which row of which group. */
export interface RowAt {
  readonly row: number;
  readonly group: number;
}

/** The sums of a layer for an input of these sizes. */
export function sumsOf(layer: IntegerLayer, dims: readonly number[]): Sums {
  return layer.node.op === 'Conv' ? convSums(layer, dims) : matrixSums(layer, dims);
}

/** Weights in the order of the sums. */
export interface Columns {
  readonly depth: number;
  /** `[groups * columns, depth]`. */
  readonly data: Int16Array;
}

/** The weights of a layer, column after column. */
export function columnsOf(layer: IntegerLayer): Columns {
  const { dims, data } = layer.weight.data;
  const outputs = layer.node.op === 'Conv' || isTransposed(layer.node) ? dims[0] : dims[1];
  return { depth: data.length / (outputs ?? 1), data: orderedWeights(layer) };
}

function orderedWeights({ node, weight }: IntegerLayer): Int16Array {
  const { dims, data } = weight.data;
  const ordered = new Int16Array(data.length);
  if (node.op === 'Conv') {
    const [outputs = 1, channels = 1] = dims;
    const kernel = data.length / (outputs * channels);
    for (let at = 0; at < data.length; at++) {
      const position = at % kernel;
      const channel = Math.floor(at / kernel) % channels;
      const output = Math.floor(at / (kernel * channels));
      ordered[(output * kernel + position) * channels + channel] = data[at] ?? 0;
    }
    return ordered;
  }
  if (isTransposed(node)) return Int16Array.from(data);
  const [depth = 1, columns = 1] = dims;
  for (let at = 0; at < data.length; at++) {
    ordered[(at % columns) * depth + Math.floor(at / columns)] = data[at] ?? 0;
  }
  return ordered;
}

const isTransposed = (node: Node): boolean => node.op === 'Gemm' && intOf(node, 'transB', 0) === 1;

function matrixSums({ node, weight }: IntegerLayer, dims: readonly number[]): Sums {
  const [first = 1, second = 1] = weight.data.dims;
  const [depth, columns] = isTransposed(node) ? [second, first] : [first, second];
  return {
    ...{ depth, columns, groups: 1 },
    rows: dims.slice(0, -1).reduce((product, size) => product * size, 1),
    gather(codes, { row }, into) {
      const base = row * depth;
      for (let k = 0; k < depth; k++) into[k] = codes[base + k] ?? 0;
    },
    outputAt: (row, _, column) => row * columns + column,
  };
}

function convSums({ node, weight, input }: IntegerLayer, dims: readonly number[]): Sums {
  const [outputs = 1, channels = 1, ...kernel] = weight.data.dims;
  const [batch = 1, , ...sizes] = dims;
  const groups = intOf(node, 'group', 1);
  const columns = outputs / groups;
  const window = windowOf(node, sizes, kernel);
  const { positions, places, sources } = window;
  const area = sizes.reduce((product, size) => product * size, 1);
  return {
    ...{ groups, columns, depth: places * channels, rows: batch * positions },
    gather(codes, { row, group }, into) {
      const sample = Math.floor(row / positions);
      const from = (row % positions) * places;
      const base = (sample * groups + group) * channels * area;
      for (let place = 0, k = 0; place < places; place++) {
        const source = sources[from + place] ?? -1;
        for (let channel = 0; channel < channels; channel++, k++) {
          into[k] = source < 0 ? input.zero : (codes[base + channel * area + source] ?? 0);
        }
      }
    },
    outputAt(row, group, column) {
      const sample = Math.floor(row / positions);
      return (sample * outputs + group * columns + column) * positions + (row % positions);
    },
  };
}

interface Window {
  /** Places the window takes in all. */
  readonly positions: number;
  /** Elements of the kernel over one channel. */
  readonly places: number;
  /** `[positions, places]`: which element of a channel is read there, -1 beyond the edge. */
  readonly sources: Int32Array;
}

/** One spatial axis of a convolution. */
interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly steps: number;
}

function windowOf(node: Node, sizes: readonly number[], kernel: readonly number[]): Window {
  const axes = sizes.map((size, at) => axisOf(node, { size, kernel: kernel[at] ?? 1, at }));
  const positions = axes.reduce((product, { steps }) => product * steps, 1);
  const places = kernel.reduce((product, size) => product * size, 1);
  const sources = new Int32Array(positions * places);
  for (let at = 0; at < sources.length; at++) {
    sources[at] = sourceOf(axes, Math.floor(at / places), at % places);
  }
  return { positions, places, sources };
}

function sourceOf(axes: readonly Axis[], position: number, place: number): number {
  let source = 0;
  let span = 1;
  let [restOfPosition, restOfPlace] = [position, place];
  for (let at = axes.length - 1; at >= 0; at--) {
    const { size, kernel, stride, dilation, before, steps } = axes[at] as Axis;
    const index = (restOfPosition % steps) * stride - before + (restOfPlace % kernel) * dilation;
    if (index < 0 || index >= size) return -1;
    source += index * span;
    span *= size;
    restOfPosition = Math.floor(restOfPosition / steps);
    restOfPlace = Math.floor(restOfPlace / kernel);
  }
  return source;
}

/** ONNX Conv, attributes auto_pad, dilations, pads and strides. */
function axisOf(
  node: Node,
  { size, kernel, at }: { readonly size: number; readonly kernel: number; readonly at: number },
): Axis {
  const rank = listOf(node, 'kernel_shape')?.length ?? (listOf(node, 'pads')?.length ?? 0) / 2;
  const stride = listOf(node, 'strides')?.[at] ?? 1;
  const dilation = listOf(node, 'dilations')?.[at] ?? 1;
  const reach = (kernel - 1) * dilation + 1;
  const auto = textOf(node, 'auto_pad');
  if (auto.startsWith('SAME')) {
    const steps = Math.ceil(size / stride);
    const padding = Math.max((steps - 1) * stride + reach - size, 0);
    const before = auto === 'SAME_LOWER' ? Math.ceil(padding / 2) : Math.floor(padding / 2);
    return { size, kernel, stride, dilation, before, steps };
  }
  const pads = auto === 'VALID' ? undefined : listOf(node, 'pads');
  const [before, after] = [pads?.[at] ?? 0, pads?.[at + rank] ?? 0];
  const steps = Math.floor((size + before + after - reach) / stride) + 1;
  if (steps < 1) throw new FleetError('invalid-argument', `${node.name}: its window does not fit.`);
  return { size, kernel, stride, dilation, before, steps };
}

function listOf(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'ints' ? attribute.value.map(Number) : undefined;
}

function textOf(node: Node, name: string): string {
  const attribute = node.attributes.get(name);
  return attribute?.type === 'string' ? new TextDecoder().decode(attribute.value) : '';
}
