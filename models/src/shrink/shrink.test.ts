import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import type { Feeds } from '../runtime/runtime.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { shrink } from './shrink.ts';

const runtime = createOnnxRuntime();
const batch = 16;

for (const activations of ['u8', 's8'] as const) {
  test(`a digits network of 105,866 parameters keeps its answers in ${activations}`, async () => {
    const model = digitsNetwork();
    const calibration = Array.from({ length: 4 }, (_, seed) => images(seed));
    const { model: small, report } = await shrink(model, { calibration, runtime, activations });
    const ratio = report.bytesAfter / report.bytesBefore;
    assert.ok(ratio <= 0.28, `size ratio ${ratio}`);
    assert.deepEqual(report.float, []);
    const truth = await run(model, images(99));
    const answer = await run(small, images(99));
    assert.ok(signalToNoiseDb(truth, answer) >= 25, `${signalToNoiseDb(truth, answer)} dB`);
    assert.ok(agreement(truth, answer) >= 15 / 16);
  });
}

test('shrinking the same model twice gives the same bytes', async () => {
  const options = { calibration: [images(1)], runtime };
  const [one, two] = [
    await shrink(digitsNetwork(), options),
    await shrink(digitsNetwork(), options),
  ];
  assert.deepEqual(writeModel(one.model), writeModel(two.model));
});

async function run(model: Model, feeds: Feeds): Promise<Float32Array> {
  await using session = await runtime.load(writeModel(model));
  const { y } = await session.run(feeds);
  return y?.data as Float32Array;
}

function signalToNoiseDb(truth: Float32Array, answer: Float32Array): number {
  const power = (numbers: Float32Array): number => numbers.reduce((sum, x) => sum + x * x, 0);
  return 10 * Math.log10(power(truth) / power(truth.map((x, at) => x - (answer[at] ?? 0))));
}

function agreement(truth: Float32Array, answer: Float32Array): number {
  const labels = (logits: Float32Array): number[] =>
    Array.from({ length: batch }, (_, row) => {
      const scores = logits.subarray(row * 10, row * 10 + 10);
      return scores.indexOf(Math.max(...scores));
    });
  const given = labels(answer);
  return labels(truth).filter((label, row) => label === given[row]).length / batch;
}

/** conv 16, pool, conv 32, pool, dense 64, dense 10 with He weights. */
function digitsNetwork(): Model {
  const { normal } = createRandom(7);
  const g = createGraphBuilder({ name: 'digits' });
  const weights = (name: string, dims: number[], fanIn: number): string => {
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, normal);
    return g.initializer(
      name,
      tensor(
        'float32',
        dims,
        data.map((x) => x * Math.sqrt(2 / fanIn)),
      ),
    );
  };
  const bias = (name: string, size: number): string => weights(name, [size], 200);
  const pads = { pads: { type: 'ints', value: [1n, 1n, 1n, 1n] } } as const;
  const pool = {
    kernel_shape: { type: 'ints', value: [2n, 2n] },
    strides: { type: 'ints', value: [2n, 2n] },
  } as const;
  let x = g.input('x', 'float32', [batch, 1, 28, 28]);
  x = g.op('Conv', [x, weights('w1', [16, 1, 3, 3], 9), bias('b1', 16)], { attributes: pads });
  x = g.op('MaxPool', [g.op('Relu', [x])], { attributes: pool });
  x = g.op('Conv', [x, weights('w2', [32, 16, 3, 3], 144), bias('b2', 32)], { attributes: pads });
  x = g.op('Relu', [x]);
  x = g.op('Flatten', [g.op('MaxPool', [x], { attributes: pool })]);
  x = g.op('Relu', [g.op('Gemm', [x, weights('w3', [1568, 64], 1568), bias('b3', 64)])]);
  g.op('Gemm', [x, weights('w4', [64, 10], 64), bias('b4', 10)], { output: 'y' });
  g.output('y', 'float32', [batch, 10]);
  return g.build();
}

function images(seed: number): Feeds {
  const { normal } = createRandom(seed);
  const data = Float32Array.from({ length: batch * 784 }, () => Math.max(0, normal()));
  return { x: tensor('float32', [batch, 1, 28, 28], data) };
}
