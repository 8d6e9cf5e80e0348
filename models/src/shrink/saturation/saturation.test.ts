import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, int, ints } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { saturationOf } from './saturation.ts';

const runtime = createOnnxRuntime();

/** Scale 1 throughout but for the output, which has 1 step in `coarse`. */
interface LayerFacts {
  readonly op: 'Conv' | 'MatMul';
  readonly dims: readonly number[];
  readonly weight: Tensor<'int8'> | Tensor<'uint8'>;
  readonly group?: number;
  readonly pads?: readonly number[];
  /** Default 1024. */
  readonly coarse?: number;
  /** Whether the output stays float. */
  readonly isFloat?: boolean;
}

/** float -> uint8 with zero point 0 -> layer -> uint8 with zero point 128 -> float. */
function aLayer({ op, dims, weight, group, pads, coarse = 1024, isFloat }: LayerFacts): Model {
  const graph = createGraphBuilder({ name: 'layer' });
  const one = graph.scalar(1);
  const zero = graph.constant(tensor('uint8', [], Uint8Array.of(0)));
  const middle = graph.constant(tensor('uint8', [], Uint8Array.of(128)));
  const codes = graph.op('QuantizeLinear', [graph.input('x', 'float32', dims), one, zero]);
  const input = graph.op('DequantizeLinear', [codes, one, zero]);
  const none = weight.dtype === 'uint8' ? Uint8Array.of(128) : Int8Array.of(0);
  const weightZero = graph.constant({ dtype: weight.dtype, dims: [], data: none } as Tensor);
  const weights = graph.op('DequantizeLinear', [graph.constant(weight), one, weightZero]);
  const attributes = {
    ...(group !== undefined && { group: int(group) }),
    ...(pads !== undefined && { pads: ints(pads) }),
  };
  const sum = graph.op(op, [input, weights], { attributes, output: 'sum' });
  graph.output(isFloat === true ? 'sum' : 'y', 'float32', []);
  if (isFloat === true) return graph.build();
  const step = graph.scalar(coarse);
  const rounded = graph.op('QuantizeLinear', [sum, step, middle]);
  graph.op('DequantizeLinear', [rounded, step, middle], { output: 'y' });
  return graph.build();
}

const feedOf = (dims: readonly number[], numbers: readonly number[]) => ({
  x: tensor('float32', dims, Float32Array.from(numbers)),
});

const pair = (a: number, b: number) => tensor('int8', [2, 1], Int8Array.of(a, b));

async function layerOf(model: Model, feeds: Parameters<typeof saturationOf>[1], target = 'x64') {
  const options = { runtime, target: target as 'x64' };
  const { layers } = await saturationOf(model, feeds, options);
  assert.equal(layers.length, 1);
  return layers[0];
}

test('a pair of products beyond 16 bits is counted, measured and found again', async () => {
  const model = aLayer({ op: 'MatMul', dims: [2, 2], weight: pair(127, 127) });
  const right = feedOf([2, 2], [255, 1, 100, 100]);
  const wrong = feedOf([2, 2], [100, 100, 255, 255]);
  // 255 * 127 * 2 = 64770 is 63 steps of 1024, 32767 is 32.
  assert.deepEqual(await layerOf(model, [right, wrong]), {
    ...{ node: 'sum', op: 'MatMul', outputs: 4, wrong: 1, largest: 31 },
    where: { feed: 1, index: 1 },
  });
});

test('sums saturate below as well, and errors smaller than half a step are none', async () => {
  const feed = feedOf([1, 2], [255, 255]);
  const low = await layerOf(aLayer({ op: 'MatMul', dims: [1, 2], weight: pair(-127, -127) }), [
    feed,
  ]);
  assert.deepEqual([low?.wrong, low?.largest], [1, 31]);
  const facts = { op: 'MatMul', dims: [1, 2], weight: pair(65, 64) } as const;
  assert.equal((await layerOf(aLayer({ ...facts, coarse: 300 }), [feed]))?.wrong, 1);
  assert.equal((await layerOf(aLayer({ ...facts, coarse: 1000 }), [feed]))?.wrong, 0);
});

test('seven-bit weights and unsigned weights never saturate', async () => {
  const feed = feedOf([1, 2], [255, 255]);
  const weights = [pair(64, 64), tensor('uint8', [2, 1], Uint8Array.of(255, 255))];
  for (const weight of weights) {
    const layer = await layerOf(aLayer({ op: 'MatMul', dims: [1, 2], weight }), [feed]);
    assert.deepEqual([layer?.outputs, layer?.wrong, layer?.largest], [1, 0, 0]);
  }
});

test('a convolution adds channels of one place first, and the next place after them', async () => {
  const dims = [1, 2, 1, 2];
  // [output, channel, 1, place]: both channels of place 0 are 127, those of place 1 are 1.
  const neighbours = tensor('int8', [1, 2, 1, 2], Int8Array.of(127, 1, 127, 1));
  const apart = tensor('int8', [1, 2, 1, 2], Int8Array.of(127, 127, 1, 1));
  const feed = feedOf(dims, [255, 255, 255, 255]);
  const wrong = [];
  for (const weight of [neighbours, apart]) {
    wrong.push((await layerOf(aLayer({ op: 'Conv', dims, weight }), [feed]))?.wrong);
  }
  assert.deepEqual(wrong, [1, 0]);
});

test('a float output is measured in 255ths of what it spans', async () => {
  const model = aLayer({ op: 'MatMul', dims: [2, 2], weight: pair(127, 127), isFloat: true });
  const layer = await layerOf(model, [feedOf([2, 2], [0, 0, 255, 255])]);
  assert.equal(layer?.wrong, 1);
  assert.ok(Math.abs((layer?.largest ?? 0) - ((64_770 - 32_767) * 255) / 64_770) < 1e-3);
});

test('on ARM weights of -128 eight apart wrap where both codes are lowest', async () => {
  const dims = [1, 16];
  const weightWith = (...places: readonly number[]) => {
    const data = new Int8Array(16).fill(-127);
    for (const place of places) data[place] = -128;
    return tensor('int8', [16, 1], data);
  };
  const lowest = feedOf(dims, new Array(16).fill(0));
  const higher = feedOf(dims, new Array(16).fill(1));
  const found = async (weight: Tensor<'int8'>, feed: ReturnType<typeof feedOf>, target = 'arm64') =>
    (await layerOf(aLayer({ op: 'MatMul', dims, weight }), [feed], target))?.wrong;
  assert.equal(await found(weightWith(3, 11), lowest), 1);
  assert.equal(await found(weightWith(3, 11), higher), 0);
  assert.equal(await found(weightWith(3, 4), lowest), 0);
  assert.equal(await found(weightWith(3, 11), lowest, 'arm64-dot'), 0);
});

test('a depthwise layer wraps on every ARM with weights of -128, at the edge too, and on no x64', async () => {
  const dims = [1, 16, 1, 1];
  const weight = tensor('int8', [16, 1, 3, 3], new Int8Array(144).fill(-128));
  const model = aLayer({ op: 'Conv', dims, weight, group: 16, pads: [1, 1, 1, 1] });
  const feed = feedOf(dims, new Array(16).fill(9));
  const wrong = [];
  for (const target of ['arm64', 'arm64-dot', 'x64']) {
    wrong.push((await layerOf(model, [feed], target))?.wrong);
  }
  assert.deepEqual(wrong, [16, 16, 0]);
});

test('a layer that is not computed with integers is not looked at', async () => {
  const facts = { op: 'Conv', dims: [1, 2, 1, 1], isFloat: true } as const;
  const model = aLayer({ ...facts, weight: tensor('int8', [1, 2, 1, 1], Int8Array.of(127, 127)) });
  const feed = feedOf([1, 2, 1, 1], [255, 255]);
  assert.deepEqual((await saturationOf(model, [feed], { runtime, target: 'x64' })).layers, []);
});

test('without data there is no report', async () => {
  const model = aLayer({ op: 'MatMul', dims: [1, 2], weight: pair(1, 1) });
  await assert.rejects(saturationOf(model, [], { runtime, target: 'x64' }), {
    code: 'insufficient-data',
  });
});
