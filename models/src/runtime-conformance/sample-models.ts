import { createGraphBuilder } from '../onnx/builder.ts';
import { writeModel } from '../onnx/write.ts';
import { type DType, tensor } from '../tensor/tensor.ts';

/** Output of `linearModel` by the definition: x (rows of 2) times [[1, 2, 3], [4, 5, 6]] plus 1. */
export function linearAnswer(x: readonly number[]): number[] {
  const answer: number[] = [];
  for (let row = 0; row + 1 < x.length; row += 2) {
    const [a = 0, b = 0] = x.slice(row, row + 2);
    answer.push(a + 4 * b + 1, 2 * a + 5 * b + 1, 3 * a + 6 * b + 1);
  }
  return answer;
}

/** `y` [batch, 3] of `x` [batch, 2], and `twice` = 2 y. */
export function linearModel(): Uint8Array {
  const graph = createGraphBuilder({ name: 'linear' });
  const x = graph.input('x', 'float32', ['batch', 2]);
  const weight = graph.constant(tensor('float32', [2, 3], new Float32Array([1, 2, 3, 4, 5, 6])));
  const product = graph.op('MatMul', [x, weight]);
  const y = graph.op('Add', [product, graph.scalar(1)], { output: 'y' });
  graph.op('Add', [y, y], { output: 'twice' });
  graph.output('y', 'float32', ['batch', 3]);
  graph.output('twice', 'float32', ['batch', 3]);
  return writeModel(graph.build());
}

/** Gives back what it is fed: `x` [2, n] as `y`. */
export function copyModel(dtype: DType): Uint8Array {
  const graph = createGraphBuilder({ name: 'copy' });
  const x = graph.input('x', dtype, [2, 'n']);
  graph.op('Identity', [x], { output: 'y' });
  graph.output('y', dtype, [2, 'n']);
  return writeModel(graph.build());
}

/** A whole file with an operator that nobody has. */
export function strangeModel(): Uint8Array {
  const graph = createGraphBuilder({ name: 'strange' });
  const x = graph.input('x', 'float32', ['batch', 2]);
  graph.op('NoSuchOperator', [x], { output: 'y' });
  graph.output('y', 'float32', ['batch', 2]);
  return writeModel(graph.build());
}
