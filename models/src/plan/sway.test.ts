import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeGolden } from '../bundle/golden.ts';
import { deviationsOf } from '../bundle/parity.ts';
import { createGraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { roundDifferently } from './round-differently.ts';
import { swayOf } from './sway.ts';

const runtime = createOnnxRuntime();

test('the most of several rounds counts, the same each time', async () => {
  const model = rounded();
  const golden = await goldenOf(model);
  await using moved = await runtime.load(writeModel(roundDifferently(model)), { optimise: 'none' });
  const round = async () => (await deviationsOf(moved, golden)).get('y');
  const alone = [await round(), await round(), await round(), await round()];
  const { deviations, topsMoved } = await swayOf(model, golden, { runtime });
  const most = Math.max(...alone.map((each) => each?.rms ?? NaN));
  assert.equal(deviations.get('y')?.rms, most);
  assert.ok(alone.some((each) => (each?.rms ?? NaN) < most));
  assert.equal(topsMoved, 0);
  const again = await swayOf(model, golden, { runtime, topOutput: 'y' });
  assert.deepEqual(again.deviations, deviations);
  assert.ok(again.topsMoved > 0);
});

test('what rounding makes infinite is left out', async () => {
  const model = rounded({ logarithm: true });
  const { deviations } = await swayOf(model, await goldenOf(model), { runtime });
  const { largest = NaN, rms = NaN } = deviations.get('y') ?? { largest: 0, rms: 0 };
  assert.ok(largest < 10 && rms < 10, `${largest} ${rms}`);
});

async function goldenOf(model: Model) {
  await using session = await runtime.load(writeModel(model), { optimise: 'none' });
  // All numbers lie at an edge between two codes.
  const data = Float32Array.from({ length: 12 * 6 }, (_, at) => (at % 3 === 0 ? 7.5 : 0.5));
  return await makeGolden(session, { x: tensor('float32', [12, 6], data) }, { vectors: 12 });
}

/** Numbers rounded to whole ones, and their logarithms if asked for. */
function rounded({ logarithm = false } = {}): Model {
  const graph = createGraphBuilder({ name: 'rounded' });
  const x = graph.input('x', 'float32', ['batch', 6]);
  const grid = [graph.scalar(1), graph.constant(tensor('uint8', [], Uint8Array.of(0)))];
  const whole = graph.op('DequantizeLinear', [graph.op('QuantizeLinear', [x, ...grid]), ...grid]);
  graph.op(logarithm ? 'Log' : 'Identity', [whole], { output: 'y' });
  graph.output('y', 'float32', ['batch', 6]);
  return graph.build();
}
