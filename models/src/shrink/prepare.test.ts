import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder } from '../onnx/builder.ts';
import type { Attribute, Model, Node } from '../onnx/graph.ts';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { calibrate } from './calibrate/calibrate.ts';
import { eliminateDead } from './eliminate-dead.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { freeze } from './freeze.ts';
import { prepare } from './prepare.ts';
import { shrink } from './shrink.ts';
import { tidy } from './tidy.ts';

const runtime = createOnnxRuntime();
const int = (value: number): Attribute => ({ type: 'int', value: BigInt(value) });
const float = (value: number): Attribute => ({ type: 'float', value });

/** Layers that a batch normalisation may follow; 6 output channels each. */
const layers: Readonly<Record<string, (g: GraphBuilder) => string>> = {
  'a grouped convolution without bias': (g) =>
    g.op('Conv', [g.input('x', 'float32', [1, 4, 5, 5]), g.constant(wave([6, 2, 3, 3], 1))], {
      attributes: { group: int(2) },
    }),
  'a grouped transposed convolution': (g) =>
    g.op(
      'ConvTranspose',
      [
        g.input('x', 'float32', [1, 4, 5, 5]),
        g.constant(wave([4, 3, 2, 2], 1)),
        g.constant(wave([6], 2)),
      ],
      { attributes: { group: int(2) } },
    ),
  'a Gemm with alpha and beta': (g) =>
    g.op(
      'Gemm',
      [g.input('x', 'float32', [3, 7]), g.constant(wave([7, 6], 1)), g.constant(wave([1, 6], 2))],
      {
        attributes: { alpha: float(0.5), beta: float(3) },
      },
    ),
  'a Gemm with transposed weights': (g) =>
    g.op('Gemm', [g.input('x', 'float32', [3, 7]), g.constant(wave([6, 7], 1))], {
      attributes: { transB: int(1) },
    }),
};

test('weights keep their names when what stands around them is folded, unless they are shared', () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [3, 7]);
  const inputs = [x, g.initializer('w', wave([7, 6], 1)), g.initializer('b', wave([6], 2))];
  const first = g.op('Gemm', inputs);
  normalise(g, first);
  const turned = g.op('Transpose', [g.initializer('v', wave([4, 7], 1))]);
  g.op('MatMul', [x, turned], { output: 'z' });
  const shared = g.initializer('s', wave([4, 7], 1));
  g.op('Mul', [g.op('MatMul', [x, g.op('Transpose', [shared])]), 'z'], { output: 'u' });
  g.op('Sub', [shared, shared], { output: 't' });
  for (const name of ['u', 't']) g.output(name, 'float32', [3, 4]);
  const { graph } = prepare(g.build());
  const sizes = ['w', 'b', 'v', 's'].map((name) => graph.initializers.get(name)?.dims);
  assert.deepEqual(sizes, [[7, 6], [6], [7, 4], [4, 7]]);
  assert.equal(
    graph.nodes.some(({ op }) => op === 'Transpose'),
    false,
  );
});

test('weights that are inputs as well become constants, and a switch stays what callers may set', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [2, 3]);
  const w = g.initializer('w', wave([4, 3], 1));
  const axis = g.initializer('axis', tensor('int64', [1], BigInt64Array.of(1n)));
  const product = g.op('MatMul', [x, g.op('Transpose', [w])]);
  g.op('ReduceSum', [product, axis], { output: 'y' });
  g.output('y', 'float32', [2, 1]);
  const { graph, ...rest } = g.build();
  const defaults = [...graph.initializers].map(([name, { dtype, dims }]) => ({
    name,
    dtype,
    dims,
  }));
  const open = { ...rest, graph: { ...graph, inputs: [...graph.inputs, ...defaults] } };
  const kept = (irVersion: number) =>
    prepare({ ...open, irVersion }).graph.inputs.map(({ name }) => name);
  assert.deepEqual(kept(3), ['x']);
  assert.deepEqual(kept(8), ['x', 'axis']);
  const { model: small } = await shrink(open, { calibration: [{ x: wave([2, 3], 2) }], runtime });
  const types = [...small.graph.initializers.values()].map(({ dtype }) => dtype);
  assert.ok(types.includes('int8') && small.graph.initializers.get('w')?.dtype !== 'float32');
});

test('the factor of a bias is folded, and the int8 model keeps it', async () => {
  for (const beta of [0, 0.25, 3]) {
    const g = createGraphBuilder({ name: 'g' });
    const x = g.input('x', 'float32', [3, 7]);
    const attributes = { beta: float(beta), alpha: float(0.5) };
    const inputs = [x, g.constant(wave([7, 6], 1)), g.constant(wave([6], 2))];
    g.op('Gemm', inputs, { attributes, output: 'y' });
    g.output('y', 'float32', [3, 6]);
    const model = g.build();
    const feeds = { x: wave([3, 7], 3) };
    const { model: small } = await shrink(model, { calibration: [feeds], runtime });
    const before = await run(model, feeds);
    for (const [other, most] of [
      [prepare(model), 1e-6],
      [small, 0.05],
    ] as const) {
      const after = await run(other, feeds);
      const apart = before.map((value, at) => Math.abs(value - (after[at] ?? 9)));
      assert.ok(Math.max(...apart) < most, `${beta}: ${Math.max(...apart)}`);
    }
  }
});

test('batch normalisation stays after a Gemm that adds one number per row', () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [6, 7]);
  normalise(g, g.op('Gemm', [x, g.constant(wave([7, 6], 1)), g.constant(wave([6, 1], 2))]));
  const model = g.build();
  assert.deepEqual(foldBatchNorm(model), model);
});

for (const [name, layer] of Object.entries(layers)) {
  test(`batch normalisation after ${name} folds away without changing the output`, async () => {
    const g = createGraphBuilder({ name: 'g' });
    normalise(g, layer(g));
    const model = g.build();
    const folded = foldBatchNorm(model);
    assert.deepEqual(
      folded.graph.nodes.map((node) => node.op).filter((op) => op === 'BatchNormalization'),
      [],
    );
    await same(model, folded);
  });
}

test('a dead reader does not keep batch normalisation from folding', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const conv = layers['a grouped convolution without bias']?.(g) ?? '';
  g.op('Relu', [conv]);
  normalise(g, conv);
  const model = g.build();
  assert.equal(foldBatchNorm(model).graph.nodes.length, 3);
  const prepared = prepare(model);
  assert.deepEqual(
    prepared.graph.nodes.map((node) => node.op),
    ['Conv'],
  );
  await same(model, prepared);
});

test('a convolution that is read elsewhere keeps its batch normalisation', () => {
  const g = createGraphBuilder({ name: 'g' });
  const conv = layers['a grouped convolution without bias']?.(g) ?? '';
  normalise(g, conv);
  g.output(conv, 'float32', [1, 6, 3, 3]);
  assert.equal(foldBatchNorm(g.build()).graph.nodes.length, 2);
});

test('dead nodes and unread constants go, in order', () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [2]);
  g.op('Mul', [g.op('Relu', [x]), g.initializer('unread', wave([2], 1))]);
  g.op('Neg', [x], { output: 'y' });
  g.output('y', 'float32', [2]);
  const { graph } = eliminateDead(g.build());
  assert.deepEqual(
    graph.nodes.map((node) => node.op),
    ['Neg'],
  );
  assert.deepEqual([...graph.initializers.keys()], []);
});

test('what an inner graph reads is alive', () => {
  const file = new URL('../../fixtures/onnx/branches.onnx', import.meta.url);
  const model = readModel(readFileSync(file));
  const [x, ...others] = model.graph.inputs;
  assert.ok(x);
  const before: Node = {
    name: 'before',
    op: 'Neg',
    domain: '',
    inputs: ['outer'],
    outputs: [x.name],
    attributes: new Map(),
  };
  const inputs = [{ ...x, name: 'outer' }, ...others];
  const nodes = [before, ...model.graph.nodes];
  const { graph } = eliminateDead({ ...model, graph: { ...model.graph, inputs, nodes } });
  assert.deepEqual(graph.nodes, nodes);
});

test('Constant, Identity and Dropout nodes are tidied away', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.op('Identity', [g.input('x', 'float32', [2])]);
  const two = g.op('Constant', [], {
    attributes: { value: { type: 'tensor', value: wave([2], 1) } },
  });
  const product = g.op('Mul', [g.op('Dropout', [x]), g.op('Identity', [two])]);
  g.op('Identity', [product], { output: 'y' });
  g.output('y', 'float32', [2]);
  const model = g.build();
  const tidied = tidy(model);
  assert.deepEqual(
    tidied.graph.nodes.map((node) => node.op),
    ['Mul', 'Identity'],
  );
  await same(model, tidied);
});

test('frozen inputs become constants, and an unknown one is refused', () => {
  const g = createGraphBuilder({ name: 'g' });
  g.op('Add', [g.input('x', 'float32', [2]), g.input('w', 'float32', [2])], { output: 'y' });
  g.output('y', 'float32', [2]);
  const { graph } = freeze(g.build(), { w: wave([2], 1) });
  assert.deepEqual(
    graph.inputs.map((input) => input.name),
    ['x'],
  );
  assert.deepEqual(graph.initializers.get('w'), wave([2], 1));
  assert.throws(
    () => freeze(g.build(), { v: wave([2], 1) }),
    (error) => error instanceof FleetError && error.code === 'invalid-argument',
  );
});

test('calibration sees the ranges that the Python tool sees', async () => {
  const folder = new URL('../../fixtures/quantize/', import.meta.url);
  for (const name of ['cnn', 'mobilenet', 'mixed']) {
    const model = readModel(readFileSync(new URL(`${name}.onnx`, folder)));
    const packed = readFileSync(new URL(`${name}.json.gz`, folder));
    const fixture = JSON.parse(gunzipSync(packed).toString()) as {
      readonly ranges: Record<string, Record<string, [number, number]>>;
    };
    const dims = model.graph.inputs[0]?.dims as number[];
    const feeds = [0, 1, 2, 3].map((batch) => ({ x: calibrationFeed(dims, batch) }));
    const ranges = await calibrate(model, feeds, runtime, { method: 'minmax' });
    for (const [value, [min, max]] of Object.entries(fixture.ranges.minmax ?? {})) {
      const tolerance = 1e-5 * Math.max(Math.abs(min), Math.abs(max));
      const range = ranges.get(value);
      assert.ok(Math.abs((range?.min ?? NaN) - min) <= tolerance, `${name} ${value}`);
      assert.ok(Math.abs((range?.max ?? NaN) - max) <= tolerance, `${name} ${value}`);
    }
  }
});

test('calibration without any input is refused', async () => {
  const g = createGraphBuilder({ name: 'g' });
  g.op('Relu', [g.input('x', 'float32', [2])], { output: 'y' });
  g.output('y', 'float32', [2]);
  await assert.rejects(
    calibrate(g.build(), [], runtime, { method: 'minmax' }),
    (error) => error instanceof FleetError && error.code === 'insufficient-data',
  );
});

function normalise(g: GraphBuilder, x: string): void {
  const parameters = [1, 2, 3].map((phase) => g.constant(wave([6], phase)));
  const variance = g.constant(
    tensor(
      'float32',
      [6],
      wave([6], 4).data.map((v) => v * v + 0.1),
    ),
  );
  g.op('BatchNormalization', [x, ...parameters, variance], {
    output: 'y',
    attributes: { epsilon: float(1e-3) },
  });
  g.output('y', 'float32', ['a', 6]);
}

function wave(dims: readonly number[], phase: number): Tensor<'float32'> {
  const data = Float32Array.from({ length: elementCount(dims) }, (_, i) => Math.sin(i + phase));
  return tensor('float32', dims, data);
}

/** The numbers that generate.py feeds. */
function calibrationFeed(dims: readonly number[], batch: number): Tensor<'float32'> {
  const data = Float32Array.from(
    { length: elementCount(dims) },
    (_, i) => ((((i + batch * 100_003) * 7919) % 1009) / 1009) * 2 - 1,
  );
  return tensor('float32', dims, data);
}

async function same(before: Model, after: Model): Promise<void> {
  const [input] = before.graph.inputs;
  const feeds = { x: wave(input?.dims as number[], 5) };
  const [truth, answer] = [await run(before, feeds), await run(after, feeds)];
  assert.equal(truth.length, answer.length);
  for (const [at, value] of truth.entries()) {
    assert.ok(Math.abs(value - (answer[at] ?? NaN)) < 1e-5, `${value} became ${answer[at]}`);
  }
}

async function run(model: Model, feeds: Record<string, Tensor>): Promise<Float32Array> {
  const open = model.graph.outputs.map((output) => ({ ...output, dims: undefined }));
  const loose = { ...model, graph: { ...model.graph, outputs: open } };
  await using session = await runtime.load(writeModel(loose));
  return (await session.run(feeds)).y?.data as Float32Array;
}
