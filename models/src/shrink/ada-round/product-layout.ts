import { intOf } from '../../onnx/edit.ts';
import type { Node } from '../../onnx/graph.ts';

/**
 * A layer as products of matrices, one for each group of channels: what one output position sees, a
 * row of `depth` numbers, times the group's weights `[depth, width]`.
 */
export interface ProductLayout {
  readonly groups: number;
  readonly depth: number;
  /** Output channels of a group. */
  readonly width: number;
  /** Sizes of the window; none for a Gemm or MatMul. */
  readonly kernel: readonly number[];
  /** Where a number of a group's matrix lies in the weight. */
  placeOf(group: number, row: number, column: number): number;
}

/** The output channel of a place in `[groups, depth, width]`. */
export function channelOf(
  place: number,
  { depth, width }: Pick<ProductLayout, 'depth' | 'width'>,
): number {
  return Math.floor(place / (depth * width)) * width + (place % width);
}

/**
 * The layout of a Conv, ConvTranspose, Gemm or MatMul with a weight of these sizes; a row holds the
 * input channels one after the other, each with the cells of its window. `undefined` for any other
 * operator, for a MatMul by a stack of matrices, and for a ConvTranspose that works out its pads.
 */
export function productLayoutOf(node: Node, dims: readonly number[]): ProductLayout | undefined {
  if (node.domain !== '' || dims.includes(0)) return undefined;
  if (node.op === 'MatMul' || node.op === 'Gemm') {
    const isTurned = node.op === 'Gemm' && intOf(node, 'transB', 0) === 1;
    return dims.length === 2 ? matrixLayout(dims, isTurned) : undefined;
  }
  if (node.op === 'Conv') return convLayout(dims, intOf(node, 'group', 1));
  if (node.op !== 'ConvTranspose' || hasOwnPads(node)) return undefined;
  return transposedLayout(dims, intOf(node, 'group', 1));
}

/** Whether pads follow from the size of the output. */
function hasOwnPads({ attributes }: Node): boolean {
  const mode = attributes.get('auto_pad');
  const isAutomatic = mode?.type === 'string' && new TextDecoder().decode(mode.value) !== 'NOTSET';
  return isAutomatic || attributes.has('output_shape');
}

function matrixLayout(
  [rows = 0, columns = 0]: readonly number[],
  isTurned: boolean,
): ProductLayout {
  const [depth, width] = isTurned ? [columns, rows] : [rows, columns];
  return {
    ...{ groups: 1, depth, width, kernel: [] },
    placeOf: (_, row, column) => (isTurned ? column * depth + row : row * width + column),
  };
}

/** `[outputs, inputs / groups, ...window]` */
function convLayout(dims: readonly number[], groups: number): ProductLayout {
  const [outputs = 0, ...others] = dims;
  const depth = others.reduce((product, size) => product * size, 1);
  const width = outputs / groups;
  return {
    ...{ groups, depth, width, kernel: others.slice(1) },
    placeOf: (group, row, column) => (group * width + column) * depth + row,
  };
}

/** `[inputs, outputs / groups, ...window]` */
function transposedLayout(dims: readonly number[], groups: number): ProductLayout {
  const [inputs = 0, width = 0, ...window] = dims;
  const cells = window.reduce((product, size) => product * size, 1);
  const depth = (inputs / groups) * cells;
  return {
    ...{ groups, depth, width, kernel: window },
    placeOf(group, row, column) {
      const input = (group * inputs) / groups + Math.floor(row / cells);
      return (input * width + column) * cells + (row % cells);
    },
  };
}
