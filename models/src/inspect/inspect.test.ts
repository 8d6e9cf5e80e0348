import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { inferShapes } from '../onnx/shapes/infer.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { prepare } from '../shrink/prepare.ts';
import { shrink } from '../shrink/shrink.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { compareModels } from './compare.ts';
import { inspectModel } from './inspect.ts';
import { layerErrors } from './layer-errors.ts';
import { peakActivationMemory } from './memory.ts';
import { createSignalNoise } from './signal.ts';

const runtime = createOnnxRuntime();

function numbers(dims: readonly number[], seed: number): Tensor<'float32'> {
  const random = createRandom(seed);
  const data = Float32Array.from({ length: elementCount(dims) }, () => random.next() - 0.5);
  return tensor('float32', dims, data);
}

/** Conv 3x3 of 4 filters over 8x8x2, Relu, Flatten, Gemm to 3. */
function network(): Model {
  const graph = createGraphBuilder({ name: 'small' });
  const x = graph.input('x', 'float32', ['N', 2, 8, 8]);
  const w = graph.initializer('w', numbers([4, 2, 3, 3], 1));
  const b = graph.initializer('b', numbers([4], 2));
  const conv = graph.op('Conv', [x, w, b], { output: 'conv' });
  const flat = graph.op('Flatten', [graph.op('Relu', [conv], { output: 'act' })]);
  const dense = graph.initializer('dense', numbers([4 * 36, 3], 3));
  graph.op('Gemm', [flat, dense], { output: 'y' });
  graph.output('y', 'float32', ['N', 3]);
  return graph.build();
}

test('parameters and multiply-accumulates are those of the textbook', () => {
  const seen = inspectModel(network());
  assert.equal(seen.parameters, 4 * 2 * 9 + 4 + 144 * 3);
  assert.deepEqual(
    seen.layers.map(({ op, macs }) => [op, macs]),
    [
      ['Conv', 6 * 6 * 4 * 2 * 9],
      ['Gemm', 144 * 3],
    ],
  );
  assert.deepEqual(seen.inputs[0]?.dims, [1, 2, 8, 8]);
  assert.deepEqual(seen.unknownCost, []);
});

test('twice the batch is twice the work', () => {
  const [one, two] = [inspectModel(network()), inspectModel(network(), { x: [2, 2, 8, 8] })];
  assert.equal(two.macs, 2 * one.macs);
  assert.equal(two.peakActivation.bytes, 2 * one.peakActivation.bytes);
});

test('the peak of memory is where most values are needed at once', () => {
  const { graph } = inferShapes(network(), { x: [1, 2, 8, 8] });
  // The convolution holds its input of 128 and its output of 144 numbers; after it, 144 + 144.
  assert.deepEqual(peakActivationMemory(graph), { bytes: 288 * 4, node: 'act', unknown: 0 });
});

test('an int8 model has the same parameters and work, and says how much of it is int8', async () => {
  const { model } = await shrink(network(), {
    calibration: [{ x: numbers([8, 2, 8, 8], 5) }],
    runtime,
  });
  const seen = inspectModel(model);
  assert.equal(seen.parameters, inspectModel(network()).parameters);
  assert.equal(seen.macs, inspectModel(network()).macs);
  assert.equal(seen.int8Share, (4 * 2 * 9 + 144 * 3) / seen.parameters);
});

test('what lies inside a branch is told apart, since it is not counted', () => {
  const inside = (seed: number) => {
    const inner = createGraphBuilder({ name: 'branch' });
    const weight = inner.initializer('w', numbers([8, 4], seed));
    inner.op('Relu', [inner.op('MatMul', ['x', weight])], { output: 'r' });
    inner.output('r', 'float32', ['N', 4]);
    return { type: 'graph', value: inner.build().graph } as const;
  };
  const g = createGraphBuilder({ name: 'chosen' });
  g.input('x', 'float32', ['N', 8]);
  const attributes = { then_branch: inside(1), else_branch: inside(2) };
  g.op('If', [g.input('on', 'bool', [])], { attributes, output: 'y' });
  g.output('y', 'float32', ['N', 4]);
  const { inner, parameters } = inspectModel(g.build());
  assert.deepEqual(inner, [{ node: 'y', op: 'If', nodes: 4, parameters: 64 }]);
  assert.equal(parameters, 0);
  assert.deepEqual(inspectModel(network()).inner, []);
});

test('layer errors grow where a layer is spoiled', async () => {
  const feeds = [{ x: numbers([8, 2, 8, 8], 5) }];
  const float = prepare(network());
  const { model } = await shrink(network(), { calibration: feeds, runtime });
  const good = await layerErrors(float, model, { feeds, runtime });
  assert.deepEqual(
    good.map(({ op }) => op),
    ['Relu', 'Flatten', 'Gemm'].filter((op) => good.some((each) => each.op === op)),
  );
  for (const { sqnrDb } of good) assert.ok((sqnrDb ?? 0) > 30, `${sqnrDb} dB`);

  const spoiled = new Map(float.graph.initializers);
  spoiled.set('dense', numbers([4 * 36, 3], 99));
  const other = { ...float, graph: { ...float.graph, initializers: spoiled } };
  const bad = await layerErrors(float, other, { feeds, runtime });
  assert.ok((bad.find(({ value }) => value === 'y')?.sqnrDb ?? 0) < 10);
  assert.equal(bad.find(({ value }) => value === 'act')?.sqnrDb, Infinity);
});

test('a model compared with itself is equal in every respect', async () => {
  await using session = await runtime.load(writeModel(network()));
  const samples = { x: numbers([10, 2, 8, 8], 7) };
  const labels = Array.from({ length: 10 }, (_, at) => at % 3);
  const rounds: number[] = [];
  const onTimed = (done: number, of: number) => rounds.push(done / of);
  const options = { samples, labels, batch: 4, runs: 3, onTimed };
  const seen = await compareModels(session, session, options);
  assert.equal(rounds.at(-1), 1);
  assert.deepEqual(seen.outputs, [{ name: 'y', sqnrDb: Infinity, largestDifference: 0 }]);
  assert.equal(seen.classes?.agreement, 1);
  assert.equal(seen.classes?.accuracy?.difference, 0);
  assert.equal(seen.samples, 10);
  assert.equal(seen.latency.samples, 1);
});

test('outputs that do not match, and labels that do not fit, are refused by name', async () => {
  await using session = await runtime.load(writeModel(network()));
  const samples = { x: numbers([4, 2, 8, 8], 7) };
  for (const stray of [3, -1]) {
    const labels = [0, 1, stray, 0];
    const call = compareModels(session, session, { samples, labels, runs: 1 });
    const message = new RegExp(`Label ${stray} of sample 3 is no class: there are 0 to 2`);
    await assert.rejects(call, { code: 'invalid-argument', message });
  }
  const call = compareModels(session, session, { samples, labels: [1, 2], runs: 1 });
  await assert.rejects(call, { code: 'invalid-argument', message: /4 samples but 2 labels/ });
  const graph = createGraphBuilder({ name: 'other' });
  const x = graph.input('x', 'float32', ['N', 2, 8, 8]);
  for (const name of ['p', 'q']) graph.op('Relu', [x], { output: name });
  for (const name of ['p', 'q']) graph.output(name, 'float32', ['N', 2, 8, 8]);
  await using other = await runtime.load(writeModel(graph.build()));
  const pair = compareModels(session, other, { samples, runs: 1 });
  await assert.rejects(pair, { code: 'invalid-argument', message: /y and p, q/ });
});

test('what is not finite in one of two values alone is told apart from what both have', () => {
  const of = (...numbers: number[]) =>
    tensor('float32', [numbers.length], Float32Array.from(numbers));
  const both = createSignalNoise();
  both.add(of(1, -Infinity, Number.NaN), of(1, -Infinity, Number.NaN));
  assert.deepEqual([both.sqnrDb(), both.largest()], [Infinity, 0]);
  for (const [wanted, given] of [
    [1, Number.NaN],
    [Infinity, 1],
    [Infinity, -Infinity],
  ] as const) {
    const one = createSignalNoise();
    one.add(of(2, wanted), of(2, given));
    assert.deepEqual([one.sqnrDb(), one.largest()], [-Infinity, Infinity]);
  }
});
