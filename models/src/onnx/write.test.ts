import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { tensor } from '../tensor/tensor.ts';
import type { Initializer, Model, Node } from './graph.ts';
import { writeModel } from './write.ts';

test('a written model runs in ONNX Runtime and gives its answer', async () => {
  const scale = tensor('float32', [2], new Float32Array([2, -3]));
  const node: Node = {
    name: 'double',
    op: 'Mul',
    domain: '',
    inputs: ['x', 'scale'],
    outputs: ['y'],
    attributes: new Map(),
  };
  const session = await InferenceSession.create(writeModel(modelOf([node], { scale })));
  const results = await session.run({ x: new Tensor('float32', [1, 2], [1, 2]) });
  assert.deepEqual(results.y?.data, new Float32Array([2, -6]));
});

test('a model of 14 MB is written in 150 ms', () => {
  const weights = Object.fromEntries(
    Array.from({ length: 53 }, (_, layer) => [
      `w${layer}`,
      tensor('float32', [66_000], new Float32Array(66_000)),
    ]),
  );
  const model = modelOf([], weights);
  // The best of several: the machine may be busy with other tests.
  const spentMs = Array.from({ length: 5 }, () => {
    const startedMs = performance.now();
    const { length } = writeModel(model);
    assert.ok(length > 13_900_000 && length < 14_100_000);
    return performance.now() - startedMs;
  });
  assert.ok(Math.min(...spentMs) <= 150, `${spentMs} ms`);
});

function modelOf(nodes: readonly Node[], constants: Record<string, Initializer>): Model {
  const value = (name: string) => ({ name, dtype: 'float32', dims: ['batch', 2] }) as const;
  return {
    irVersion: 8,
    producerName: 'test',
    producerVersion: '1',
    opsets: new Map([['', 17]]),
    metadata: new Map(),
    graph: {
      name: 'g',
      nodes,
      inputs: [value('x')],
      outputs: [value('y')],
      initializers: new Map(Object.entries(constants)),
      values: new Map(),
    },
  };
}
