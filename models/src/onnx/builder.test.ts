import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { createGraphBuilder, float, int } from './builder.ts';
import { writeModel } from './write.ts';

function sample() {
  const graph = createGraphBuilder({ name: 'sample', metadata: new Map([['made-by', 'test']]) });
  graph.input('x', 'float32', ['N', 2]);
  const weight = tensor('float32', [2, 2], new Float32Array([1, 2, 3, 4]));
  const product = graph.op('Gemm', ['x', graph.initializer('weight', weight)], {
    attributes: { transB: int(1), alpha: float(0.5) },
  });
  graph.op('Add', [product, graph.scalar(1)], { output: 'y' });
  graph.output('y', 'float32', ['N', 2]);
  return graph;
}

test('a built model runs', async () => {
  await using session = await createOnnxRuntime().load(writeModel(sample().build()));
  const { y } = await session.run({ x: tensor('float32', [1, 2], new Float32Array([2, 4])) });
  assert.deepEqual(Array.from(y?.data as Float32Array), [6, 12]);
});

test('the same calls give the same bytes', () => {
  assert.deepEqual(writeModel(sample().build()), writeModel(sample().build()));
});

test('every node has a name of its own', () => {
  const { nodes } = sample().build().graph;
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['gemm_0', 'y'],
  );
});

test('equal small constants are kept once, whatever their place', () => {
  const graph = createGraphBuilder({ name: 'constants' });
  assert.equal(graph.scalar(1), graph.scalar(1));
  assert.equal(graph.ints([1, 2]), graph.ints([1, 2]));
  assert.notEqual(graph.scalar(0), graph.scalar(-0));
  assert.notEqual(graph.ints([1]), graph.ints([1, 1]));
  const bits = (value: number) => tensor('int32', [1], new Int32Array([value]));
  assert.notEqual(
    graph.constant(bits(0)),
    graph.constant(tensor('float32', [1], new Float32Array(1))),
  );
  assert.equal(graph.build().graph.initializers.size, 8);
});

test('a name that is taken is refused, and fresh names step aside', () => {
  const graph = createGraphBuilder({ name: 'names' });
  graph.input('relu_0', 'float32', [1]);
  assert.equal(graph.op('Relu', ['relu_0']), 'relu_1');
  assert.throws(
    () => graph.op('Relu', ['relu_0'], { output: 'relu_1' }),
    (error) => error instanceof FleetError && error.code === 'invalid-argument',
  );
});

test('fresh names keep away from reserved ones, which can still be given once', () => {
  const graph = createGraphBuilder({ name: 'any', reserved: new Set(['relu_0']) });
  const input = graph.input('x', 'float32', [1]);
  assert.equal(graph.op('Relu', [input]), 'relu_1');
  assert.equal(graph.op('Relu', [input], { output: 'relu_0' }), 'relu_0');
  assert.throws(() => graph.op('Relu', [input], { output: 'relu_0' }), /two values named/);
});
