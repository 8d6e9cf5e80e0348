import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder, int } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { readModel } from '../../onnx/read.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { shrinkWeightOnly } from './shrink-weight-only.ts';
import { weightOnly } from './weight-only.ts';

const runtime = createOnnxRuntime();
const { normal } = createRandom(2);

test('the file shrinks to about a quarter and the answers stay', async () => {
  const model = network();
  const { model: small, report } = shrinkWeightOnly(model);
  assert.ok(report.bytesAfter / report.bytesBefore < 0.29, JSON.stringify(report));
  assert.equal(report.bytesAfter, writeModel(small).length);
  assert.deepEqual(report.weights, ['conv', 'gemm', 'product']);
  const [truth, answer] = [await run(model), await run(small)];
  const noise = truth.reduce((sum, value, at) => sum + (value - (answer[at] ?? NaN)) ** 2, 0);
  const signal = truth.reduce((sum, value) => sum + value ** 2, 0);
  assert.ok(noise / signal < 1e-3, `${noise / signal}`);
});

test('every weight is at most half a step off, with its own step in each channel', () => {
  const model = network();
  const { graph } = readModel(writeModel(weightOnly(model)));
  const integers = graph.initializers.get('conv_q')?.data as Int8Array;
  const scales = graph.initializers.get('conv_scale')?.data as Float32Array;
  const weights = weightsOf(model, 'conv');
  assert.equal(scales.length, 16);
  for (const [at, value] of weights.entries()) {
    const scale = scales[Math.floor(at / 72)] ?? 0;
    assert.ok(Math.abs((integers[at] ?? 0) * scale - value) <= scale * 0.500001);
  }
  assert.ok(integers.every((value) => value >= -127));
});

test('a channel of zeros stays zero', () => {
  const model = network();
  weightsOf(model, 'conv').fill(0, 0, 72);
  const { graph } = weightOnly(model);
  const integers = graph.initializers.get('conv_q')?.data as Int8Array;
  assert.ok(integers.subarray(0, 72).every((value) => value === 0));
});

test('a constant that is read as a weight and as something else stays in float', () => {
  const g = createGraphBuilder({ name: 'g' });
  const w = g.initializer('w', numbers([32, 32]));
  const y = g.op('MatMul', [g.input('x', 'float32', [32, 32]), w]);
  g.op('Add', [y, w], { output: 'y' });
  g.output('y', 'float32', [32, 32]);
  assert.equal(weightOnly(g.build()).graph.nodes.length, 2);
});

test('small constants and biases stay in float', () => {
  const { graph } = weightOnly(network());
  assert.equal(graph.initializers.get('bias')?.dtype, 'float32');
});

test('weights that are not finite, old operator sets and quantized models are refused', () => {
  for (const bad of [Number.NaN, -Infinity]) {
    const model = network();
    weightsOf(model, 'gemm')[5] = bad;
    refuses(model, 'invalid-argument', /"gemm" holds NaN/);
  }
  refuses({ ...network(), opsets: new Map([['', 12]]) }, 'unsupported', /operator set 13/);
  refuses(weightOnly(network()), 'invalid-argument', /quantized already/);
});

function refuses(model: Model, code: string, reason: RegExp): void {
  assert.throws(
    () => weightOnly(model),
    (error) => error instanceof FleetError && error.code === code && reason.test(error.message),
  );
}

function weightsOf(model: Model, name: string): Float32Array {
  return model.graph.initializers.get(name)?.data as Float32Array;
}

async function run(model: Model): Promise<Float32Array> {
  await using session = await runtime.load(writeModel(model));
  const { normal: draw } = createRandom(9);
  const x = tensor('float32', [1, 8, 10, 10], Float32Array.from({ length: 800 }, draw));
  const { y } = await session.run({ x });
  return y?.data as Float32Array;
}

function network(): Model {
  const g: GraphBuilder = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [1, 8, 10, 10]);
  const conv = [
    x,
    g.initializer('conv', numbers([16, 8, 3, 3])),
    g.initializer('bias', numbers([16])),
  ];
  const flat = g.op('Flatten', [g.op('Relu', [g.op('Conv', conv)])]);
  const gemm = g.op('Gemm', [flat, g.initializer('gemm', numbers([40, 1024]))], {
    attributes: { transB: int(1) },
  });
  g.op('MatMul', [gemm, g.initializer('product', numbers([40, 20]))], { output: 'y' });
  g.output('y', 'float32', [1, 20]);
  return g.build();
}

function numbers(dims: readonly number[]): Tensor<'float32'> {
  const length = dims.reduce((product, size) => product * size, 1);
  return tensor('float32', dims, Float32Array.from({ length }, normal));
}
