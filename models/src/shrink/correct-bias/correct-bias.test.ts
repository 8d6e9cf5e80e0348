import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, int, ints } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import { calibrate } from '../calibrate/calibrate.ts';
import { quantize } from '../quantize/quantize.ts';
import { correctBias } from './correct-bias.ts';

const runtime = createOnnxRuntime();
const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;

for (const form of ['with', 'without'] as const) {
  test(`the mean of every output comes back to the float one, ${form} biases`, async () => {
    const { float, int8 } = await quantized(form);
    const corrected = await correctBias({ float, int8, feeds: samples(1), runtime });
    const unseen = samples(2);
    const truth = await means(float, unseen);
    const before = distance(truth, await means(int8, unseen));
    const after = distance(truth, await means(corrected, unseen));
    assert.ok(after < before / 3, `${before} became ${after}`);
  });
}

test('only biases change, and each stays on the grid of its products', async () => {
  const { float, int8 } = await quantized('with');
  const corrected = await correctBias({ float, int8, feeds: samples(1), runtime });
  assert.deepEqual(corrected.graph.nodes, int8.graph.nodes);
  const changed = [...corrected.graph.initializers].filter(
    ([name, value]) => value !== int8.graph.initializers.get(name),
  );
  assert.deepEqual(
    changed.map(([name, { dtype }]) => `${name} ${dtype}`),
    ['b0_q int32', 'b1_q int32', 'b2_q int32'],
  );
});

test('a bias that was missing has the scale of input times weight', async () => {
  const { float, int8 } = await quantized('without');
  const { graph } = await correctBias({ float, int8, feeds: samples(1), runtime });
  const added = graph.nodes.filter(({ op, inputs }) => {
    return op === 'DequantizeLinear' && graph.initializers.get(inputs[0] ?? '')?.dtype === 'int32';
  });
  assert.equal(added.length, 3);
  const numbers = (name = ''): number[] =>
    Array.from(graph.initializers.get(name)?.data as Float32Array);
  for (const { inputs, outputs } of added) {
    const reader = graph.nodes.find((node) => node.inputs[2] === outputs[0]);
    const scales = [0, 1].map((at) => {
      const source = graph.nodes.find((node) => node.outputs[0] === reader?.inputs[at]);
      return numbers(source?.inputs[1]);
    });
    const [[input = 0] = [], weights = []] = scales;
    assert.deepEqual(
      numbers(inputs[1]),
      weights.map((scale) => Math.fround(Math.fround(input) * Math.fround(scale))),
    );
  }
});

test('correcting what is correct changes nothing more', async () => {
  const { float, int8 } = await quantized('with');
  const feeds = samples(1);
  const once = await correctBias({ float, int8, feeds, runtime });
  const twice = await correctBias({ float, int8: once, feeds, runtime });
  for (const name of ['b0_q', 'b1_q', 'b2_q']) {
    const [first, second] = [once, twice].map(
      ({ graph }) => graph.initializers.get(name)?.data as Int32Array,
    );
    first?.forEach((value, c) => {
      assert.ok(Math.abs(value - (second?.[c] ?? NaN)) <= 1, `${name}[${c}]`);
    });
  }
});

for (const [activations, symmetricActivations] of [
  ['u8', false],
  ['s8', false],
  ['s8', true],
] as const) {
  const kind = `${activations}${symmetricActivations ? ', zero in the middle' : ''}`;
  test(`the biases that are added to products with matrices are corrected, ${kind}`, async () => {
    const float = products();
    const ranges = await calibrate(float, series(1), runtime, { method: 'minmax' });
    const grids = { ...options, activations, symmetricActivations, weightBits: 3 } as const;
    const int8 = quantize(float, ranges, grids).model;
    const corrected = await correctBias({ float, int8, feeds: series(1), runtime });
    const truth = await means(float, series(2));
    const before = distance(truth, await means(int8, series(2)));
    const after = distance(truth, await means(corrected, series(2)));
    assert.ok(after < before / 3, `${before} became ${after}`);

    const changed = [...corrected.graph.initializers].filter(
      ([name, value]) => value !== int8.graph.initializers.get(name),
    );
    const integers = changed.filter(([, { dims }]) => dims.length > 0);
    const type = activations === 'u8' ? 'uint8' : 'int8';
    assert.deepEqual(
      integers.map(([name, { dtype }]) => `${name} ${dtype}`),
      [`first_q ${type}`, `second_q ${type}`],
    );
    assert.deepEqual(
      corrected.graph.nodes.map(({ op, outputs }) => [op, outputs]),
      int8.graph.nodes.map(({ op, outputs }) => [op, outputs]),
    );
    if (!symmetricActivations) return;
    const zeros = changed.filter(([, { dtype, dims }]) => dtype === 'int8' && dims.length === 0);
    assert.ok(zeros.length > 0 && zeros.every(([, { data }]) => Number(data[0]) === 0));
  });
}

test('a bias that others read too, or that is not one number per column, stays', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const random = createRandom(3);
  const constant = (name: string, dims: readonly number[]): string => {
    const data = Float32Array.from({ length: elementCount(dims) }, random.normal);
    return g.initializer(name, tensor('float32', dims, data));
  };
  const x = g.input('x', 'float32', ['N', 5, 6]);
  const shared = constant('shared', [6]);
  const first = g.op('Add', [g.op('MatMul', [x, constant('w1', [6, 6])]), shared]);
  const second = g.op('Add', [shared, g.op('MatMul', [first, constant('w2', [6, 6])])]);
  const third = g.op('MatMul', [second, constant('w3', [6, 6])]);
  g.op('Add', [third, constant('rows', [5, 6])], { output: 'y' });
  g.output('y', 'float32', ['N', 5, 6]);
  const float = g.build();
  const ranges = await calibrate(float, series(1), runtime, { method: 'minmax' });
  const int8 = quantize(float, ranges, { ...options, weightBits: 3 }).model;
  assert.deepEqual(await correctBias({ float, int8, feeds: series(1), runtime }), int8);
});

test('a transposed convolution in groups whose channels share scales gets no bias', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const { normal } = createRandom(4);
  const weight = tensor('float32', [4, 3, 2, 2], Float32Array.from({ length: 48 }, normal));
  const pooled = g.op('Reshape', [g.input('x', 'float32', ['N', 5, 6]), g.ints([0, 0, 6, 1])]);
  const turned = g.op('Slice', [pooled, g.ints([0]), g.ints([4]), g.ints([1])]);
  const attributes = { group: int(2) };
  g.op('ConvTranspose', [turned, g.initializer('w', weight)], { output: 'y', attributes });
  g.output('y', 'float32', ['N', 6, 7, 2]);
  const float = g.build();
  const ranges = await calibrate(float, series(1), runtime, { method: 'minmax' });
  const int8 = quantize(float, ranges, { ...options, weightBits: 3 }).model;
  const corrected = await correctBias({ float, int8, feeds: series(1), runtime });
  assert.deepEqual(corrected, int8);
});

test('a correction without any input is refused', async () => {
  const { float, int8 } = await quantized('with');
  await assert.rejects(
    correctBias({ float, int8, feeds: [], runtime }),
    (error) => error instanceof FleetError && error.code === 'insufficient-data',
  );
});

/** A convolution, a depthwise one with a residual sum, and a dense head; in 3 bits, so that rounding shows. */
async function quantized(form: 'with' | 'without'): Promise<{ float: Model; int8: Model }> {
  const g = createGraphBuilder({ name: 'g' });
  const random = createRandom(5);
  const weights = (name: string, dims: readonly number[]): string => {
    const scale = Math.sqrt(2 / elementCount(dims.slice(1)));
    const data = Float32Array.from({ length: elementCount(dims) }, () => scale * random.normal());
    return g.initializer(name, tensor('float32', dims, data));
  };
  const bias = (at: number, size: number): string[] =>
    form === 'with' ? [weights(`b${at}`, [size])] : [];
  const pads = ints([1, 1, 1, 1]);
  const x = g.input('x', 'float32', ['N', 3, 8, 8]);
  const first = g.op('Conv', [x, weights('w0', [8, 3, 3, 3]), ...bias(0, 8)], {
    attributes: { pads },
  });
  const relu = g.op('Relu', [first]);
  const second = g.op('Conv', [relu, weights('w1', [8, 1, 3, 3]), ...bias(1, 8)], {
    attributes: { pads, group: int(8) },
  });
  const pooled = g.op('GlobalAveragePool', [g.op('Relu', [g.op('Add', [second, relu])])]);
  const head = [g.op('Flatten', [pooled]), weights('w2', [5, 8]), ...bias(2, 5)];
  g.op('Gemm', head, { output: 'y', attributes: { transB: int(1) } });
  g.output('y', 'float32', ['N', 5]);
  const float = g.build();
  const ranges = await calibrate(float, samples(1), runtime, { method: 'minmax' });
  return { float, int8: quantize(float, ranges, { ...options, weightBits: 3 }).model };
}

/** Two linear layers as PyTorch exports them, with a Relu between. */
function products(): Model {
  const g = createGraphBuilder({ name: 'g' });
  const random = createRandom(6);
  const constant = (name: string, dims: readonly number[]): string => {
    const data = Float32Array.from({ length: elementCount(dims) }, () => random.normal() / 2);
    return g.initializer(name, tensor('float32', dims, data));
  };
  const x = g.input('x', 'float32', ['N', 5, 6]);
  const hidden = g.op('MatMul', [x, constant('w1', [6, 8])]);
  const relu = g.op('Relu', [g.op('Add', [constant('first', [8]), hidden])]);
  const sum = [g.op('MatMul', [relu, constant('w2', [8, 5])]), constant('second', [5])];
  g.op('Add', sum, { output: 'y' });
  g.output('y', 'float32', ['N', 5, 5]);
  return g.build();
}

function series(seed: number): readonly Feeds[] {
  const { normal } = createRandom(seed);
  return Array.from({ length: 4 }, () => {
    const data = Float32Array.from({ length: 16 * 30 }, () => Math.abs(normal()));
    return { x: tensor('float32', [16, 5, 6], data) };
  });
}

function samples(seed: number): readonly Feeds[] {
  const { normal } = createRandom(seed);
  return Array.from({ length: 4 }, () => {
    const data = Float32Array.from({ length: 16 * 192 }, () => Math.abs(normal()));
    return { x: tensor('float32', [16, 3, 8, 8], data) };
  });
}

async function means(model: Model, feeds: readonly Feeds[]): Promise<Float64Array> {
  await using session = await runtime.load(writeModel(model));
  const sums = new Float64Array(5);
  for (const feed of feeds) {
    const { data } = (await session.run(feed)).y as Tensor<'float32'>;
    data.forEach((value, at) => {
      sums[at % 5] = (sums[at % 5] ?? 0) + value / 64;
    });
  }
  return sums;
}

function distance(truth: Float64Array, answer: Float64Array): number {
  return Math.hypot(...truth.map((value, at) => value - (answer[at] ?? 0)));
}
