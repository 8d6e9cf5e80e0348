import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParity } from '../bundle/parity.ts';
import { createGraphBuilder, int } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { goldenFor } from './golden-for.ts';
import { roundDifferently } from './round-differently.ts';

const runtime = createOnnxRuntime();
const { next } = createRandom(3);
const candidates = {
  x: tensor('float32', [40, 512], Float32Array.from({ length: 40 * 512 }, next)),
};

/** Numbers from 0 to 1, rounded to 256 steps, through a threshold at one half. */
function threshold(steepness: number): Model {
  const graph = createGraphBuilder({ name: 'threshold' });
  const x = graph.input('x', 'float32', ['batch', 512]);
  const grid = [graph.scalar(1 / 255), graph.constant(tensor('uint8', [], Uint8Array.of(0)))];
  const rounded = graph.op('DequantizeLinear', [graph.op('QuantizeLinear', [x, ...grid]), ...grid]);
  const centred = graph.op('Sub', [rounded, graph.scalar(0.5)]);
  const scaled = graph.op('Mul', [centred, graph.scalar(steepness)]);
  graph.op('Tanh', [scaled], { output: 'y' });
  graph.output('y', 'float32', ['batch', 512]);
  return graph.build();
}

async function proved(model: Model, answering: Model) {
  const { golden, parity } = await goldenFor(writeModel(model), candidates, { runtime });
  await using session = await runtime.load(writeModel(answering), { optimise: 'none' });
  return { parity, ...(await checkParity(session, golden, { parity })) };
}

test('where rounding moves the answers by many steps, a device may deviate by as many', async () => {
  const model = threshold(20);
  const { ok, parity, largestDeviation } = await proved(model, roundDifferently(model));
  assert.equal(ok, true);
  const steps = (256 * largestDeviation) / 2;
  assert.ok(steps > 5, `only ${steps}`);
  assert.ok(parity.tolerance >= largestDeviation);
});

test('where it does not, two steps are all that is allowed', async () => {
  const { parity } = await proved(threshold(0.1), threshold(0.1));
  const span = 2 * Math.tanh(0.05);
  assert.ok(Math.abs(parity.tolerance - (2 * span) / 256) < span / 1000, `${parity.tolerance}`);
});

test('another threshold is refused, although no single answer is further off than rounding takes it', async () => {
  const { ok, rms = 0, allowedRms = 0, ...found } = await proved(threshold(20), threshold(15));
  assert.equal(ok, false);
  assert.ok(found.largestDeviation <= found.allowed);
  assert.ok(rms > allowedRms);
});

test('an output that is rounded to bytes may be off by two of its steps, however narrow its span', async () => {
  const graph = createGraphBuilder({ name: 'narrow' });
  const x = graph.input('x', 'float32', ['batch', 512]);
  const small = graph.op('Mul', [x, graph.scalar(1 / 64)]);
  const grid = [graph.scalar(1 / 256), graph.constant(tensor('uint8', [], Uint8Array.of(0)))];
  const codes = graph.op('QuantizeLinear', [small, ...grid]);
  graph.op('DequantizeLinear', [codes, ...grid], { output: 'y' });
  graph.output('y', 'float32', ['batch', 512]);
  const { parity } = await proved(graph.build(), graph.build());
  assert.ok(parity.tolerance >= 2 / 256);
  assert.ok((parity.rms?.y ?? 0) >= 1 / 256);
});

test('rounding differently gives the same answers each time', async () => {
  const graph = writeModel(roundDifferently(threshold(20)));
  const answers = [];
  for (let time = 0; time < 2; time++) {
    await using session = await runtime.load(graph, { optimise: 'none' });
    answers.push((await session.run(candidates)).y?.data);
  }
  assert.deepEqual(answers[0], answers[1]);
});

test('whole numbers among the outputs are proved like others', async () => {
  const graph = createGraphBuilder({ name: 'chosen' });
  const x = graph.input('x', 'float32', ['batch', 512]);
  graph.op('ArgMax', [x], { output: 'y', attributes: { axis: int(1), keepdims: int(0) } });
  graph.output('y', 'int64', ['batch']);
  const { ok, parity } = await proved(graph.build(), graph.build());
  assert.equal(ok, true);
  assert.ok(parity.tolerance > 0);
});
