import { createGraphBuilder, int, ints } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { createRandom } from '../../random/random.ts';
import { elementCount, tensor } from '../../tensor/tensor.ts';
import { prepare } from '../prepare.ts';

/**
 * All kinds of layers with weights, in float32, over an input `x` of `[n, 4, 6, 6]`; rounding is not to
 * be learned for those named `shared` and `computed`.
 */
export function manyKinds(): Model {
  const g = createGraphBuilder({ name: 'kinds' });
  const w = (name: string, dims: readonly number[], seed: number): string =>
    g.initializer(name, normals(dims, 100 + seed));
  const square = ints([1, 1, 1, 1]);
  let x = g.input('x', 'float32', ['n', 4, 6, 6]);
  const depthwise = { group: int(4), pads: square };
  x = g.op('Relu', [
    g.op('Conv', [x, w('w1', [4, 1, 3, 3], 1)], { output: 'depthwise', attributes: depthwise }),
  ]);
  const inputs = [x, w('w2', [8, 2, 3, 3], 2), w('b2', [8], 3)];
  x = g.op('Conv', inputs, { output: 'grouped', attributes: { group: int(2) } });
  x = g.op('Clip', [x, g.scalar(-2), g.scalar(6)]);
  x = g.op('ConvTranspose', [x, w('w3', [8, 3, 2, 2], 4)], {
    ...{ output: 'transposed', attributes: { group: int(2), strides: ints([2, 2]) } },
  });
  x = g.op('Reshape', [x, g.ints([0, 6, 64])]);
  x = g.op('Relu', [g.op('MatMul', [x, w('w4', [64, 10], 5)], { output: 'matmul' })]);
  const shared = w('w5', [10, 10], 6);
  x = g.op('MatMul', [g.op('MatMul', [x, shared], { output: 'shared' }), shared]);
  x = g.op('Flatten', [x]);
  x = g.op('Gemm', [x, w('w6', [12, 60], 7), w('b6', [12], 8)], {
    ...{ output: 'gemm', attributes: { transB: int(1) } },
  });
  const moving = g.op('ReduceMean', [x], { attributes: { axes: ints([0, 1]), keepdims: int(0) } });
  g.op('Gemm', [x, w('w7', [12, 3], 9), moving], { output: 'computed' });
  g.output('computed', 'float32', ['n', 3]);
  return prepare(g.build());
}

/** Normally distributed numbers; from seed 100 on, small enough for weights of these sizes. */
export function normals(dims: readonly number[], seed: number) {
  const { normal } = createRandom(seed);
  const fanIn = Math.sqrt(dims.length > 1 ? elementCount(dims) / (dims[0] ?? 1) : 1);
  return tensor(
    'float32',
    dims,
    Float32Array.from(
      { length: elementCount(dims) },
      () => normal() * (seed < 100 ? 1 : 2 / fanIn),
    ),
  );
}
