import { intOf } from '../onnx/edit.ts';
import type { Node } from '../onnx/graph.ts';

/** Which channels the numbers of a layer's weight connect; positions are row-major. */
export interface WeightLayout {
  /** Input channels; of a Gemm its input features. */
  readonly inputs: number;
  readonly outputs: number;
  inputAt(position: number): number;
  outputAt(position: number): number;
}

/**
 * How Conv (`[outputs, inputs / group, ...]`), ConvTranspose (`[inputs, outputs / group, ...]`) and
 * Gemm lay out a weight of these sizes; `undefined` for any other operator.
 */
export function weightLayoutOf(node: Node, dims: readonly number[]): WeightLayout | undefined {
  if (node.domain !== '') return undefined;
  const [first = 0, second = 0, ...kernel] = dims;
  const window = kernel.reduce((product, size) => product * size, 1);
  const row = (at: number): number => Math.floor(at / (second * window));
  const column = (at: number): number => Math.floor(at / window) % second;
  if (node.op === 'Gemm') {
    if (dims.length !== 2) return undefined;
    return intOf(node, 'transB', 0) === 1
      ? { inputs: second, outputs: first, inputAt: column, outputAt: row }
      : { inputs: first, outputs: second, inputAt: row, outputAt: column };
  }
  const groups = intOf(node, 'group', 1);
  const perGroup = first / groups;
  const grouped = (at: number): number => Math.floor(row(at) / perGroup) * second + column(at);
  const total = second * groups;
  if (node.op === 'Conv') return { inputs: total, outputs: first, inputAt: grouped, outputAt: row };
  if (node.op !== 'ConvTranspose') return undefined;
  return { inputs: first, outputs: total, inputAt: row, outputAt: grouped };
}
