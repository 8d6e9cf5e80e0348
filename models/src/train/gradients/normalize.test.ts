import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, float, int } from '../../onnx/builder.ts';
import { dimsOf, inferShapes } from '../../onnx/shapes/infer.ts';
import { writeModel } from '../../onnx/write.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { createTape } from '../differentiate.ts';

const pair = (first: number, second: number) =>
  tensor('float32', [2], new Float32Array([first, second]));

test('a batch is normalised by itself and moves the running statistics', async () => {
  const plain = createGraphBuilder({ name: 'plain' });
  plain.input('x', 'float32', [4, 2]);
  const parts = [pair(2, 1), pair(0, 5), pair(10, 20), pair(1, 1)].map((value, index) =>
    plain.initializer(`p${index}`, value),
  );
  plain.ops('BatchNormalization', ['x', ...parts], ['y', 'mean', 'variance'], {
    attributes: { training_mode: int(1), momentum: float(0.75), epsilon: float(1e-6) },
  });
  plain.output('y', 'float32', [4, 2]);
  const { graph: forward } = inferShapes(plain.build());
  const graph = createGraphBuilder({ name: 'training' });
  graph.input('x', 'float32', [4, 2]);
  for (const [name, value] of forward.initializers) graph.initializer(name, value);
  const tape = createTape(graph, {
    dims: (name) => dimsOf(forward, name),
    constant: () => undefined,
  });
  for (const node of forward.nodes) tape.forward(node);
  graph.output('y', 'float32', [4, 2]);
  graph.output('mean', 'float32', [2]);
  graph.output('variance', 'float32', [2]);

  await using session = await createOnnxRuntime().load(writeModel(graph.build()));
  const x = tensor('float32', [4, 2], new Float32Array([1, 7, 3, 7, 1, 7, 3, 7]));
  const { y, mean, variance } = await session.run({ x });
  const rounded = (values: ArrayLike<unknown> | undefined) =>
    Array.from(values ?? [], (value) => Math.round(1000 * Number(value)) / 1000);
  // Channel 0 has mean 2 and variance 1, channel 1 mean 7 and variance 0.
  assert.deepEqual(rounded(y?.data), [-2, 5, 2, 5, -2, 5, 2, 5]);
  assert.deepEqual(rounded(mean?.data), [8, 16.75]);
  assert.deepEqual(rounded(variance?.data), [1, 0.75]);
});
