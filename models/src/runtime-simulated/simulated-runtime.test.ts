import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRuntime } from '../runtime-conformance/describe-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { createSimulatedRuntime } from './simulated-runtime.ts';

const create = () =>
  createSimulatedRuntime({
    inputs: [{ name: 'x', dtype: 'float32', dims: [undefined, 2] }],
    outputs: [
      { name: 'y', dtype: 'float32', dims: [undefined, 3] },
      { name: 'twice', dtype: 'float32', dims: [undefined, 3] },
    ],
  });

describeRuntime('simulated', create, {
  skip: [
    {
      reason: 'any bytes are a model',
      tests: [
        'bytes that are no model are malformed',
        'half a model is malformed',
        'an unknown operator is unsupported',
      ],
    },
    {
      reason: 'answers are shares from a hash, not the numbers of a graph',
      tests: [
        'the numbers are those of the graph',
        'optimisation does not change what a graph means',
        'every element type goes in and comes out',
      ],
    },
  ],
});

test('an item has the same answer alone and in a batch', async () => {
  await using session = await create().load(new Uint8Array([1, 2, 3]));
  const both = await session.run({ x: tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)) });
  const alone = await session.run({ x: tensor('float32', [1, 2], Float32Array.of(3, 4)) });
  assert.deepEqual(both.y?.data.slice(3), alone.y?.data);
});

test('other models and other items have other answers that add up to 1', async () => {
  const x = tensor('float32', [1, 2], Float32Array.of(1, 2));
  await using first = await create().load(new Uint8Array([1, 2, 3]));
  await using second = await create().load(new Uint8Array([1, 2, 4]));
  const one = await first.run({ x });
  const other = await second.run({ x });
  assert.notDeepEqual(one.y?.data, other.y?.data);
  const sum = Array.from(one.y?.data ?? [], Number).reduce((total, share) => total + share, 0);
  assert.ok(Math.abs(sum - 1) < 1e-6);
});
