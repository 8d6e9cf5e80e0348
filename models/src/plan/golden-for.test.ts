import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { checkParity } from '../bundle/parity.ts';
import { createGraphBuilder, type GraphBuilder, int } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import type { Feeds } from '../runtime/runtime.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
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

async function proved(model: Model, answering: Model, inputs: Feeds = candidates, topOutput = '') {
  const top = topOutput === '' ? {} : { topOutput };
  const { golden, parity } = await goldenFor(writeModel(model), inputs, { runtime, ...top });
  await using session = await runtime.load(writeModel(answering), { optimise: 'none' });
  return { golden, parity, ...(await checkParity(session, golden, { parity, ...top })) };
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

test('where rounding changes classes, as many may differ, with a margin', async () => {
  // Neighbouring codes of the first two classes, at the edge between both.
  const edge = Float32Array.from({ length: 48 }, (_, at) => [100.49, 100.51, 3, 5][at % 4] ?? 0);
  const inputs = { x: tensor('float32', [12, 4], edge) };
  const model = codes();
  const { ok, parity, topAgreement } = await proved(model, roundDifferently(model), inputs, 'y');
  assert.ok(topAgreement < 0.9, `${topAgreement}`);
  assert.deepEqual([ok, parity.topAgreement <= topAgreement], [true, true]);
});

test('where rounding could change a class but did not, one may differ', async () => {
  // The third class is moved by a step, and the first leads by two.
  const narrow = Float32Array.from({ length: 48 }, (_, at) => [102, 100, 50.5, 5][at % 4] ?? 0);
  const { parity } = await proved(codes(), codes(), { x: tensor('float32', [12, 4], narrow) }, 'y');
  assert.equal(parity.topAgreement, 11 / 12);
});

test('where every class leads clearly, one that differs is refused, and without classes none counts', async () => {
  const clear = Float32Array.from({ length: 48 }, (_, at) => (at % 5 === 0 ? 200 : at % 50));
  const inputs = { x: tensor('float32', [12, 4], clear) };
  const { golden, parity } = await proved(codes(), codes(), inputs, 'y');
  assert.equal(parity.topAgreement, 1);
  const { data } = golden.inputs.x as Tensor;
  const confused = { ...golden.inputs.x, data: data.slice() } as Tensor<'float32'>;
  confused.data.set(data.subarray(4, 8) as Float32Array, 0);
  const other = { ...golden, inputs: { x: confused } };
  await using session = await runtime.load(writeModel(codes()), { optimise: 'none' });
  const loose = { tolerance: 255, topAgreement: parity.topAgreement };
  const found = await checkParity(session, other, { parity: loose, topOutput: 'y' });
  assert.deepEqual([found.ok, found.topAgreement], [false, 11 / 12]);
  assert.equal((await proved(codes(), codes(), inputs)).parity.topAgreement, 1);
});

test('probabilities that are all a little off are refused by their mean', async () => {
  const graph = (contrast: number): Model => {
    const g = createGraphBuilder({ name: 'soft' });
    const x = g.input('x', 'float32', ['batch', 4]);
    const grid = [g.scalar(1), g.constant(tensor('uint8', [], Uint8Array.of(0)))];
    const codes = g.op('DequantizeLinear', [g.op('QuantizeLinear', [x, ...grid]), ...grid]);
    g.op('Softmax', [g.op('Mul', [codes, g.scalar(contrast)])], y);
    g.output('y', 'float32', ['batch', 4]);
    return g.build();
  };
  const { next: number } = createRandom(7);
  const scores = Float32Array.from({ length: 400 }, () => Math.round(number() * 200));
  const inputs = { x: tensor('float32', [100, 4], scores) };
  const model = graph(0.05);
  assert.equal((await proved(model, roundDifferently(model), inputs)).ok, true);
  const {
    ok,
    largestDeviation,
    allowed,
    rms = 0,
    allowedRms = 0,
  } = await proved(...[model, graph(0.04), inputs]);
  assert.ok(largestDeviation <= allowed, `${largestDeviation} ${allowed}`);
  assert.ok(!ok && rms > 2 * allowedRms, `${rms} ${allowedRms}`);
});

test('a single answer may be off by the last bits of float32', async () => {
  const one = { x: tensor('float32', [1, 512], Float32Array.from({ length: 512 }, next)) };
  const { parity, golden } = await proved(summed(0), summed(0), one);
  const size = Math.abs(Number(golden.outputs.y?.data[0]));
  assert.ok(parity.tolerance >= size * 2 ** -18 && parity.tolerance < size / 1000);
  assert.ok((parity.rms?.y ?? 0) >= size * 2 ** -18);
});

test('where float sums cancel out, a device may be off by what is left of their last bits', async () => {
  const one = { x: tensor('float32', [1, 512], Float32Array.from({ length: 512 }, next)) };
  const { parity, ok } = await proved(summed(1e6), roundDifferently(summed(1e6)), one);
  assert.equal(ok, true);
  assert.ok(parity.tolerance > 1, `${parity.tolerance}`);
});

test('infinite answers do not count for the limits', async () => {
  const graph = createGraphBuilder({ name: 'logarithm' });
  const x = graph.input('x', 'float32', ['batch', 512]);
  const shifted = graph.op('Relu', [graph.op('Sub', [x, graph.scalar(0.5)])]);
  graph.op('Log', [shifted], { output: 'y' });
  graph.output('y', 'float32', ['batch', 512]);
  const { ok, parity, golden } = await proved(graph.build(), graph.build());
  assert.ok(golden.outputs.y?.data.includes(Number.NEGATIVE_INFINITY as never));
  assert.deepEqual(JSON.parse(JSON.stringify(parity)), parity);
  assert.ok(ok && parity.tolerance > 0 && parity.tolerance < 1);
});

test('an output that does not hold an answer for each vector is refused by its name', async () => {
  const outputs = {
    'no axis of vectors': (g: GraphBuilder, x: string) => g.op('Squeeze', [x, g.ints([0])], y),
    'one number for all': (g: GraphBuilder, x: string) =>
      g.op('ReduceMean', [x], { ...y, attributes: { keepdims: int(0) } }),
    'no number': (g: GraphBuilder, x: string) =>
      g.op('Slice', [x, g.ints([0]), g.ints([0]), g.ints([1])], y),
  };
  for (const [name, write] of Object.entries(outputs)) {
    const graph = createGraphBuilder({ name });
    write(graph, graph.input('x', 'float32', ['batch', 512]));
    graph.output('y', 'float32', []);
    await assert.rejects(
      goldenFor(writeModel(graph.build()), candidates, { runtime }),
      (thrown) =>
        thrown instanceof FleetError && thrown.code === 'unsupported' && /"y"/.test(thrown.message),
      name,
    );
  }
});

test('products of whole numbers are proved like others', async () => {
  const graph = createGraphBuilder({ name: 'whole' });
  const x = graph.input('x', 'float32', ['batch', 512]);
  const scaled = graph.op('Mul', [x, graph.scalar(100)]);
  const whole = graph.op('Cast', [scaled], { attributes: { to: int(6) } });
  const weights = tensor('int32', [512, 2], new Int32Array(1024).fill(3));
  graph.op('MatMul', [whole, graph.constant(weights)], { output: 'y' });
  graph.output('y', 'int32', ['batch', 2]);
  assert.equal((await proved(graph.build(), graph.build())).ok, true);
});

test('golden answers count for the size of golden vectors, too', async () => {
  const vectorsOf = async (repeats: number): Promise<number> => {
    const graph = createGraphBuilder({ name: 'wide' });
    const x = graph.input('x', 'float32', ['batch', 40]);
    // As many values as inputs, each of which is largest and least for other vectors.
    const identity = Float32Array.from({ length: 1600 }, (_, at) => Number(at % 41 === 0));
    const weights = graph.constant(tensor('float32', [40, 40], identity));
    for (let part = 0; part < 20; part++) {
      const some = graph.op('Slice', [
        x,
        ...[2 * part, 2 * part + 1, 1].map((at) => graph.ints([at])),
      ]);
      graph.op('MatMul', [some, graph.constant(tensor('float32', [1, 1], Float32Array.of(1)))]);
    }
    const all = graph.op('MatMul', [x, weights]);
    graph.op('Tile', [all, graph.ints([1, repeats])], { output: 'y' });
    graph.output('y', 'float32', ['batch', 40 * repeats]);
    const spikes = Float32Array.from({ length: 1600 }, (_, at) => Number(at % 41 === 0));
    const inputs = { x: tensor('float32', [40, 40], spikes) };
    return (await goldenFor(writeModel(graph.build()), inputs, { runtime })).golden.vectors;
  };
  assert.ok((await vectorsOf(1)) > 12);
  assert.equal(await vectorsOf(1000), 12);
});

const y = { output: 'y' } as const;

/** Numbers from 0 to 255, rounded to whole ones: scores of four classes. */
function codes(): Model {
  const graph = createGraphBuilder({ name: 'codes' });
  const x = graph.input('x', 'float32', ['batch', 4]);
  const grid = [graph.scalar(1), graph.constant(tensor('uint8', [], Uint8Array.of(0)))];
  graph.op('DequantizeLinear', [graph.op('QuantizeLinear', [x, ...grid]), ...grid], y);
  graph.output('y', 'float32', ['batch', 4]);
  return graph.build();
}

/** A sum of 512 products in float, to which a large number is added and taken off again. */
function summed(large: number): Model {
  const graph = createGraphBuilder({ name: 'summed' });
  const x = graph.input('x', 'float32', ['batch', 512]);
  const weights = new Float32Array(512).fill(large === 0 ? 0.01 : large / 256);
  const sum = graph.op('MatMul', [x, graph.constant(tensor('float32', [512, 1], weights))]);
  graph.op('Mul', [graph.op('Sub', [sum, graph.scalar(large)]), graph.scalar(1)], y);
  graph.output('y', 'float32', ['batch', 1]);
  return graph.build();
}
