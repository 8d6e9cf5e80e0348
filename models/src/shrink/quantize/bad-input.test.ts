import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder, int } from '../../onnx/builder.ts';
import type { Attribute, Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Range, Ranges } from '../calibrate/ranges.ts';
import { prepare } from '../prepare.ts';
import type { QuantizeOptions } from './options.ts';
import { quantize, weightParams } from './quantize.ts';

const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;
const unit: Range = { min: -1, max: 1 };

for (const odd of [Number.NaN, Infinity, -Infinity]) {
  test(`a weight or a bias of ${odd} is refused by name and place`, () => {
    const sound = dense({});
    const weight = dense({ weight: withOne(wave([3, 2]), odd) });
    const bias = dense({ bias: withOne(wave([2]), odd) });
    assert.equal(quantize(sound, rangesFor(sound), options).report.float.length, 0);
    refuses(() => quantize(weight, rangesFor(weight), options), /Constant w holds .* position 1/);
    refuses(() => quantize(bias, rangesFor(bias), options), /Constant b holds .* position 1/);
  });

  test(`a range up to ${odd} is refused with the node that gives it`, () => {
    const model = dense({});
    const ranges = new Map([...rangesFor(model), ['y', { min: 0, max: odd }] as const]);
    refuses(() => quantize(model, ranges, options), /range of y, given by node y \(Gemm\)/);
  });
}

test('a range that nothing fell into is refused', () => {
  const model = dense({});
  const ranges = new Map([...rangesFor(model), ['x', { min: Infinity, max: -Infinity }] as const]);
  refuses(() => quantize(model, ranges, options), /range of x, given by an input/);
});

test('a number that is not finite does not matter where its node stays in float', () => {
  const model = dense({ weight: withOne(wave([3, 2]), Number.NaN) });
  const { report } = quantize(model, new Map(), { ...options, exclude: new Set(['y']) });
  assert.deepEqual(report.quantized, []);
});

test('weights, channels and activations without any extent compute what they did', async () => {
  const weight = wave([3, 2]);
  for (let row = 0; row < 3; row++) weight.data[row * 2] = 0;
  const model = dense({ weight, bias: tensor('float32', [2], new Float32Array([0, 0.5])) });
  for (const types of [{}, { weights: 'u8' as const }, { perChannel: false }]) {
    const ranges = new Map([
      ['x', unit],
      ['y', { min: 0, max: 2 }],
    ]);
    const { model: small } = quantize(model, ranges, { ...options, ...types });
    const x = tensor('float32', [1, 3], new Float32Array([0.5, -0.25, 1]));
    const [before, after] = [await run(model, x), await run(small, x)];
    assert.equal(after[0], 0);
    assert.ok(Math.abs((after[1] ?? 0) - (before[1] ?? 0)) < 0.02, `${after}`);
  }
});

test('an activation that is always the same number keeps it', async () => {
  for (const value of [0, 3, -3]) {
    const g = createGraphBuilder({ name: 'g' });
    const zeros = g.op('Mul', [g.input('x', 'float32', [1, 3]), g.scalar(0)]);
    g.op('Add', [zeros, g.scalar(value)], { output: 'y' });
    g.output('y', 'float32', [1, 3]);
    const ranges = new Map<string, Range>([
      ['x', unit],
      [zeros, { min: 0, max: 0 }],
      ['y', { min: value, max: value }],
    ]);
    const { model } = quantize(g.build(), ranges, options);
    assert.deepEqual(await run(model, wave([1, 3])), new Float32Array([value, value, value]));
  }
});

test('a batch of open size stays open', async () => {
  const model = dense({ batch: 'batch' });
  const { model: small } = quantize(model, rangesFor(model), options);
  assert.deepEqual(small.graph.inputs[0]?.dims, ['batch', 3]);
  assert.equal((await run(small, wave([5, 3]))).length, 10);
});

for (const op of ['QuantizeLinear', 'DequantizeLinear', 'QLinearConv', 'MatMulInteger']) {
  test(`a model with ${op} is quantized already, and says where`, () => {
    const g = createGraphBuilder({ name: 'g' });
    g.op(op, [g.input('x', 'float32', [1]), g.scalar(1)], { output: 'y' });
    refuses(() => quantize(g.build(), new Map(), options), new RegExp(`node y \\(${op}\\)`));
  });
}

test('an operator set without per-channel scales is refused; without scales per channel it is not', () => {
  const model = { ...dense({}), opsets: new Map([['', 11]]) };
  const ranges = rangesFor(model);
  refuses(
    () => quantize(model, ranges, options),
    /operator set 13; the model has 11/,
    'unsupported',
  );
  assert.equal(
    quantize(model, ranges, { ...options, perChannel: false }).report.quantized.length,
    1,
  );
});

test('nodes of unknown domains and of other types stay in float with their reason', () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [1]);
  g.op('Add', [g.input('n', 'int64', [1]), g.ints([1])], { output: 'm' });
  g.op('Sigmoid', [x], { output: 'y', domain: 'com.example' });
  g.output('y', 'float32', [1]);
  g.output('m', 'int64', [1]);
  const { report } = quantize(g.build(), new Map([['x', unit]]), options);
  assert.deepEqual(report.float, [
    { node: 'm', op: 'Add', reason: 'none of its values is float32' },
    { node: 'y', op: 'Sigmoid', reason: 'it has no int8 form in com.example' },
  ]);
});

test('branches stay in float and are named, and read what they read before', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [1, 3]);
  const clipped = g.op('Relu', [g.op('Sigmoid', [x])]);
  const negative = g.op('Relu', [g.op('Add', [x, g.scalar(-2)])]);
  const attributes = {
    then_branch: branch((b) => b.op('Add', [negative, negative], { output: 'sum' })),
    else_branch: branch((b) => b.op('Mul', [clipped, clipped], { output: 'product' })),
  };
  g.op('If', [g.input('on', 'bool', [])], { attributes, output: 'y' });
  g.output('y', 'float32', [1, 3]);
  const model = g.build();
  const { model: small, report } = quantize(model, rangesFor(model), options);
  const inside = report.float.filter(({ reason }) => reason === 'it lies inside y (If)');
  assert.deepEqual(
    inside.map(({ node }) => node),
    ['sum', 'product'],
  );
  const on = tensor('bool', [], new Uint8Array([1]));
  assert.deepEqual(await run(small, wave([1, 3]), { on }), new Float32Array(3));
});

test('a constant that a caller could replace is one no more', async () => {
  const model = dense({});
  const { graph } = model;
  const named = { name: 'w', dtype: 'float32', dims: [3, 2] } as const;
  const open = { ...model, graph: { ...graph, inputs: [...graph.inputs, named] } };
  const { model: small } = quantize(open, rangesFor(open), options);
  assert.deepEqual(
    small.graph.inputs.map(({ name }) => name),
    ['x'],
  );
  assert.equal((await run(small, wave([1, 3]))).length, 2);
});

test('the bias of a grouped transposed convolution stays in float', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const weight = g.initializer('w', wave([4, 3, 2, 2]));
  const inputs = [g.input('x', 'float32', [1, 4, 5, 5]), weight, g.initializer('b', wave([6]))];
  g.op('ConvTranspose', inputs, { attributes: { group: int(2) }, output: 'y' });
  g.output('y', 'float32', [1, 6, 6, 6]);
  const model = g.build();
  const { model: small } = quantize(model, rangesFor(model, { min: -4, max: 4 }), options);
  assert.equal(small.graph.initializers.get('b')?.dtype, 'float32');
  const x = wave([1, 4, 5, 5]);
  const [before, after] = [await run(model, x), await run(small, x)];
  const worst = before.reduce(
    (most, value, at) => Math.max(most, Math.abs(value - (after[at] ?? 0))),
    0,
  );
  assert.ok(worst < 0.1, `${worst}`);
});

test('a model of float16 or float64 numbers becomes one of float32 numbers, and says so', async () => {
  const float = dense({});
  const half = retyped(float, 'float16', halves);
  const double = retyped(float, 'float64', (data) => Float64Array.from(data));
  const ranges = rangesFor(float);
  for (const model of [half, double]) {
    const { report } = quantize(model, ranges, options);
    assert.deepEqual(report.float, [
      { node: 'y', op: 'Gemm', reason: 'none of its values is float32' },
    ]);
    const ready = prepare(model);
    assert.deepEqual(
      [ready.graph.inputs[0]?.dtype, ready.graph.outputs[0]?.dtype],
      ['float32', 'float32'],
    );
    assert.equal(quantize(ready, ranges, options).report.quantized.length, 1);
    const [before, after] = [await run(float, wave([1, 3])), await run(ready, wave([1, 3]))];
    for (const [at, value] of before.entries()) {
      assert.ok(Math.abs(value - (after[at] ?? 0)) < 1e-3);
    }
  }
});

const contradictions: Readonly<Record<string, readonly [Partial<QuantizeOptions>, RegExp]>> = {
  'u8 weights without u8 activations': [
    { activations: 's8', weights: 'u8' },
    /u8 need activations/,
  ],
  'u8 weights of four bits': [{ weights: 'u8', weightBits: 4 }, /need the type s8/],
  'ranges for a constant that is not there': [
    { weightRanges: new Map([['v', [1, 1]]]) },
    /no float32 constant v/,
  ],
  'as many ranges as no channel has': [{ weightRanges: new Map([['w', [1]]]) }, /1 ranges were/],
  'as many integers as no weight has': [
    { integers: new Map([['w', new Int8Array(5)]]) },
    /5 integers were/,
  ],
};
for (const [what, [given, message]] of Object.entries(contradictions)) {
  test(`${what} are refused`, () => {
    const model = dense({});
    refuses(() => quantize(model, rangesFor(model), { ...options, ...given }), message);
  });
}

test('narrow weights lie on their grid, what is beyond a given range is clipped to it', () => {
  const model = dense({});
  const ranges = rangesFor(model);
  for (const [bits, most] of [
    [4, 7],
    [3, 3],
    [2, 1],
  ] as const) {
    const numbers = integersOf(quantize(model, ranges, { ...options, weightBits: bits }).model);
    assert.equal(Math.max(...numbers.map(Math.abs)), most);
  }
  const given = { ...options, weightRanges: new Map([['w', [0.25, 0.25]]]) };
  const scales = weightParams(model, ranges, given)
    .get('w')
    ?.map(({ scale }) => scale);
  assert.deepEqual(scales, [Math.fround(0.25 / 127), Math.fround(0.25 / 127)]);
  assert.equal(Math.min(...integersOf(quantize(model, ranges, given).model)), -127);
});

test('weights that were rounded elsewhere are taken as they are', () => {
  const model = dense({});
  const rounded = Int8Array.of(1, -2, 3, -4, 5, -6);
  const integers = new Map([['w', rounded]]);
  const { model: small } = quantize(model, rangesFor(model), { ...options, integers });
  assert.deepEqual(integersOf(small), [...rounded]);
});

/** `y = x w + b`, three numbers in and two out. */
function dense(given: {
  readonly weight?: Tensor<'float32'>;
  readonly bias?: Tensor<'float32'>;
  readonly batch?: number | string;
}): Model {
  const { weight = wave([3, 2]), bias = wave([2]), batch = 1 } = given;
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [batch, 3]);
  g.op('Gemm', [x, g.initializer('w', weight), g.initializer('b', bias)], { output: 'y' });
  g.output('y', 'float32', [batch, 2]);
  return g.build();
}

function retyped(
  { graph, ...rest }: Model,
  dtype: 'float16' | 'float64',
  convert: (data: Float32Array) => Uint8Array | Float64Array,
): Model {
  const initializers = new Map(
    [...graph.initializers].map(([name, { dims, data }]) => {
      return [name, { dtype, dims, data: convert(data as Float32Array) } as Tensor] as const;
    }),
  );
  const [inputs, outputs] = [graph.inputs, graph.outputs].map((values) =>
    values.map((value) => ({ ...value, dtype })),
  );
  return {
    ...rest,
    graph: { ...graph, initializers, inputs: inputs ?? [], outputs: outputs ?? [] },
  };
}

/** float16 of numbers between 2^-14 and 2, cut off. */
function halves(data: Float32Array): Uint8Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const words = Uint16Array.from(bits, (word) =>
    (word & 0x7fffffff) === 0
      ? 0
      : ((word >>> 16) & 0x8000) | ((((word >>> 23) & 255) - 112) << 10) | ((word >>> 13) & 1023),
  );
  return new Uint8Array(words.buffer);
}

function branch(write: (g: GraphBuilder) => string): Attribute {
  const g = createGraphBuilder({ name: 'branch' });
  g.output(write(g), 'float32', [1, 3]);
  return { type: 'graph', value: g.build().graph };
}

function rangesFor({ graph }: Model, range: Range = unit): Ranges {
  const names = [...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap((n) => n.outputs)];
  return new Map(names.map((name) => [name, range]));
}

function integersOf({ graph }: Model): readonly number[] {
  return Array.from((graph.initializers.get('w_q')?.data ?? []) as Int8Array);
}

function wave(dims: readonly number[]): Tensor<'float32'> {
  const data = Float32Array.from({ length: elementCount(dims) }, (_, at) => Math.cos(at) / 2);
  return tensor('float32', dims, data);
}

function withOne(one: Tensor<'float32'>, value: number): Tensor<'float32'> {
  return { ...one, data: one.data.with(1, value) };
}

async function run(model: Model, x: Tensor, more: Readonly<Record<string, Tensor>> = {}) {
  await using session = await createOnnxRuntime().load(writeModel(model), { optimise: 'none' });
  return (await session.run({ x, ...more })).y?.data as Float32Array;
}

function refuses(action: () => unknown, message: RegExp, code = 'invalid-argument'): void {
  assert.throws(action, (error) => {
    return error instanceof FleetError && error.code === code && message.test(error.message);
  });
}
