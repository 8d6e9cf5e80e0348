import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder, int } from '../../onnx/builder.ts';
import type { Initializer, Model } from '../../onnx/graph.ts';
import { readModel } from '../../onnx/read.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { createWebRuntime } from '../../runtime-web/web-runtime.ts';
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

test('in int4 the file shrinks to about an eighth, and the engine computes with what is stored', async () => {
  const model = network();
  const { model: small, report } = shrinkWeightOnly(model, { bits: 4 });
  assert.ok(report.bytesAfter / report.bytesBefore < 0.16, JSON.stringify(report));
  const { initializers } = readModel(writeModel(small)).graph;
  const packed = initializers.get('gemm_q');
  assert.deepEqual([packed?.dtype, packed?.data.length], ['int4', (40 * 1024) / 2]);
  // The same numbers as float constants.
  const plain = new Map(model.graph.initializers);
  for (const [name, axis] of [
    ['conv', 0],
    ['gemm', 0],
    ['product', 1],
  ] as const) {
    plain.set(name, unpacked(initializers, name, axis));
  }
  const same = { ...model, graph: { ...model.graph, initializers: plain } };
  const [truth, answer] = [await run(same, 'none'), await run(small, 'none')];
  assert.ok(truth.every((value, at) => Math.abs(value - (answer[at] ?? NaN)) < 1e-3));
  // Optimised, the engine multiplies int4 matrices with activations of eight bits.
  const quick = await run(small, 'all');
  const noise = truth.reduce((sum, value, at) => sum + (value - (quick[at] ?? NaN)) ** 2, 0);
  assert.ok(noise / truth.reduce((sum, value) => sum + value ** 2, 0) < 1e-3);
  // In a browser they become floats while loading.
  const there = await run(small, 'all', await createWebRuntime());
  assert.ok(truth.every((value, at) => Math.abs(value - (there[at] ?? NaN)) < 1e-3));
  const weights = weightsOf(model, 'conv');
  const stored = plain.get('conv')?.data as Float32Array;
  const scales = initializers.get('conv_scale')?.data as Float32Array;
  for (const [at, value] of weights.entries()) {
    const scale = scales[Math.floor(at / 72)] ?? 0;
    assert.ok(Math.abs((stored[at] ?? 0) - value) <= scale * 0.500001);
  }
});

test('weights that lie on a grid of four bits stay on it, whatever the largest became', () => {
  const model = network();
  const conv = weightsOf(model, 'conv');
  for (let at = 0; at < conv.length; at++) {
    const channel = Math.floor(at / 72);
    const largest = 4 + (channel % 4);
    conv[at] = Math.fround(((at * 5) % (largest + 1)) * (at % 2 === 0 ? 1 : -1) * 0.037);
  }
  const { initializers } = shrinkWeightOnly(model, { bits: 4 }).model.graph;
  const stored = unpacked(initializers, 'conv', 0).data;
  assert.ok(conv.every((value, at) => Math.abs(value - (stored[at] ?? NaN)) < 1e-6));
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

async function run(
  model: Model,
  optimise: 'none' | 'all' = 'all',
  engine = runtime,
): Promise<Float32Array> {
  await using session = await engine.load(writeModel(model), { optimise });
  const { normal: draw } = createRandom(9);
  const x = tensor('float32', [1, 8, 10, 10], Float32Array.from({ length: 800 }, draw));
  const { y } = await session.run({ x });
  return y?.data as Float32Array;
}

/** A weight as floats again. */
function unpacked(
  initializers: ReadonlyMap<string, Initializer>,
  name: string,
  axis: number,
): Tensor<'float32'> {
  const { dims, data } = initializers.get(`${name}_q`) as Initializer;
  const scales = initializers.get(`${name}_scale`)?.data as Float32Array;
  const count = dims.reduce((product, size) => product * size, 1);
  const numbers = Float32Array.from({ length: count }, (_, at) => {
    const half = ((data as Uint8Array)[at >> 1] ?? 0) >> (4 * (at % 2));
    const channel = axis === 0 ? Math.floor(at / (count / scales.length)) : at % scales.length;
    return (((half & 15) ^ 8) - 8) * (scales[channel] ?? 0);
  });
  return tensor('float32', dims, numbers);
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
