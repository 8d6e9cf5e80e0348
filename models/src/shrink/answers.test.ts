import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Model } from '../onnx/graph.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { answersOf } from './answers.ts';
import { smallFeeds, smallNet } from './testing/small-net.ts';

const runtime = createOnnxRuntime();

test('a model answers like itself', async () => {
  const answers = await answersOf(smallNet(), smallFeeds(2), { runtime });
  const { error, agreement, divergence } = await answers.errorOf(smallNet());
  assert.deepEqual([error, agreement], [0, 1]);
  assert.ok(Math.abs(divergence ?? 1) < 1e-12);
});

test('outputs a tenth larger are a hundredth off, with the same classes on top', async () => {
  const answers = await answersOf(smallNet(), smallFeeds(2), { runtime });
  const { error, agreement, divergence } = await answers.errorOf(lastTimes(1.1));
  assert.ok(Math.abs(error - 0.01) < 1e-6, `${error}`);
  assert.equal(agreement, 1);
  assert.ok((divergence ?? 0) > 0);
});

test('opposite outputs disagree', async () => {
  const answers = await answersOf(smallNet(), smallFeeds(2), { runtime });
  const { error, agreement } = await answers.errorOf(lastTimes(-1));
  assert.ok(Math.abs(error - 4) < 1e-6, `${error}`);
  assert.equal(agreement, 0);
});

test('an answer that is NaN is as far off as can be', async () => {
  const answers = await answersOf(smallNet(), smallFeeds(1), { runtime });
  assert.equal((await answers.errorOf(lastTimes(Number.NaN))).error, Infinity);
});

/** The last layer's weights with a factor. */
function lastTimes(factor: number): Model {
  const model = smallNet();
  const weight = model.graph.initializers.get('w_last') as Tensor<'float32'>;
  const data = weight.data.map((value) => value * factor);
  const initializers = new Map([
    ...model.graph.initializers,
    ['w_last', { ...weight, data }],
  ] as const);
  return { ...model, graph: { ...model.graph, initializers } };
}
