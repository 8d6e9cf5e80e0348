import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { quantize } from '../shrink/quantize/quantize.ts';
import { tensor } from '../tensor/tensor.ts';
import { activationSpreads } from './activation-spreads.ts';

const runtime = createOnnxRuntime();

/** y = Sigmoid(x) of 1,000 numbers, and x as 0, 0.01, ... 9.99. */
function sigmoid(): { readonly model: Model; readonly feeds: { x: ReturnType<typeof ramp> }[] } {
  const g = createGraphBuilder({ name: 'g' });
  g.op('Sigmoid', [g.input('x', 'float32', [1000])], { output: 'y' });
  g.output('y', 'float32', [1000]);
  return { model: g.build(), feeds: [{ x: ramp() }] };
}

const ramp = () =>
  tensor(
    'float32',
    [1000],
    Float32Array.from({ length: 1000 }, (_, at) => at / 100),
  );

const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;

test('a spread has the range of the file, what was seen, and what was clipped', async () => {
  const { model, feeds } = sigmoid();
  const ranges = new Map([
    ['x', { min: 0, max: 5 }],
    ['y', { min: 0, max: 1 }],
  ]);
  const int8 = quantize(model, ranges, options).model;
  const [x, y] = await activationSpreads(model, int8, { feeds, runtime });
  assert.ok(x !== undefined && y !== undefined);
  assert.deepEqual([x.value, x.op, y.value, y.op], ['x', '', 'y', 'Sigmoid']);
  assert.ok(Math.abs(x.range.max - 5) < 1e-6 && x.range.min === 0);
  assert.ok(Math.abs(x.histogram.max - 9.99) < 1e-6);
  // Half a step beyond 5 is 5.0098: 5.01 and more is clipped.
  assert.equal(x.clippedAbove, 499 / 1000);
  assert.equal(x.clippedBelow, 0);
  assert.equal(x.histogram.zeros, 1);
  assert.equal(x.histogram.counts.reduce((sum, count) => sum + count, 0) + 1, 1000);
  assert.ok((x.ownSqnrDb ?? 0) < 12 && (y.ownSqnrDb ?? 0) > 45);
});

test('a range that holds everything clips nothing', async () => {
  const { model, feeds } = sigmoid();
  const ranges = new Map(['x', 'y'].map((name) => [name, { min: -10, max: 10 }]));
  const int8 = quantize(model, ranges, { ...options, activations: 's8' }).model;
  for (const each of await activationSpreads(model, int8, { feeds, runtime })) {
    assert.deepEqual([each.type, each.clippedBelow, each.clippedAbove], ['int8', 0, 0]);
  }
});

test('graphs that share no rounded value are refused', async () => {
  const { model, feeds } = sigmoid();
  await assert.rejects(activationSpreads(model, model, { feeds, runtime }), {
    code: 'invalid-argument',
    message: /rounds no value of the float graph/,
  });
});
