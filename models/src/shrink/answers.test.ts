import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../onnx/builder.ts';
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

test('which of the two did not run is said', async () => {
  const feeds = smallFeeds(1);
  const renamed = [{ q: feeds[0]?.x as Tensor }];
  await assert.rejects(answersOf(smallNet(), renamed, { runtime }), {
    reason: 'The float model: Input "x" was not fed.',
  });
  const answers = await answersOf(smallNet(), feeds, { runtime });
  const { graph } = smallNet();
  const inputs = graph.inputs.map((input) => ({ ...input, dims: [7, 1, 10, 10] }));
  await assert.rejects(answers.errorOf({ ...smallNet(), graph: { ...graph, inputs } }), {
    reason: 'The int8 model: Input "x" takes [7, 1, 10, 10], not [8, 1, 10, 10].',
  });
});

test('every sample has its part, and the error is their mean', async () => {
  const feeds = smallFeeds(3);
  const { error, samples } = await (await answersOf(smallNet(), feeds, { runtime })).errorOf(
    lastTimes(1.1),
  );
  assert.equal(samples.length, 24);
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / 24;
  assert.ok(Math.abs(mean - error) < 1e-12);
  assert.ok(new Set(samples).size > 20);
});

test('a run that gives one answer to many rows is one sample', async () => {
  const g = createGraphBuilder({ name: 'sum' });
  g.op('ReduceSum', [g.input('x', 'float32', ['n', 1, 10, 10])], { output: 'y' });
  g.output('y', 'float32', [1, 1, 1, 1]);
  const sum = g.build();
  const answers = await answersOf(sum, smallFeeds(3), { runtime });
  assert.equal((await answers.errorOf(sum)).samples.length, 3);
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
