import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, int } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { calibrate } from '../../shrink/calibrate/calibrate.ts';
import { prepare } from '../../shrink/prepare.ts';
import { quantize } from '../../shrink/quantize/quantize.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import { fakeQuantize } from './fake-quantize.ts';
import { planFakeQuantization } from './plan.ts';

const runtime = createOnnxRuntime();

for (const [weightBits, opset] of [
  [8, 17],
  [4, 17],
  [4, 20],
  [3, 17],
  [2, 20],
] as const) {
  test(`products with constants compute in ${weightBits} bits what their file computes, operator set ${opset}`, async () => {
    const model = prepare(products(opset));
    const feeds = { x: noise([8, 2, 6], 1) };
    const ranges = await calibrate(model, [feeds], runtime, { method: 'minmax' });
    const plan = planFakeQuantization(model, ranges, { weightBits });
    const grids = [...plan.constants].flatMap(([name, list]) =>
      list.map((grid) =>
        grid.kind === 'weight'
          ? `${name} ${grid.at}: ${grid.bits} bits, ${grid.axis ?? 'whole'}`
          : `${name} ${grid.at}`,
      ),
    );
    assert.deepEqual(grids, [
      `columns 1: ${weightBits} bits, 1`,
      `again 1: ${weightBits} bits, 1`,
      `stack 1: ${weightBits} bits, whole`,
      `left 0: ${weightBits} bits, 1`,
      'sum 0',
      'norm 1: 8 bits, whole',
      `y 1: ${weightBits} bits, 0`,
      `z 1: ${weightBits} bits, 1`,
    ]);
    const { model: file } = quantize(model, ranges, {
      ...{ activations: 'u8', perChannel: true, reduceRange: false, weightBits },
    });
    const truth = await answers(fakeQuantize(model, plan), feeds);
    const given = await answers(file, feeds);
    assert.deepEqual([...truth.keys()], ['norm', 'y', 'z']);
    for (const [name, { data }] of truth) {
      // Values that lie between two steps may fall to either side.
      const most = 1.001 * (plan.activations.get(name)?.scale ?? 0);
      data.forEach((value, at) => {
        assert.ok(Math.abs(Number(value) - Number(given.get(name)?.data[at])) <= most, name);
      });
    }
  });
}

test('the grid of a table follows its numbers, also where rows of it are added', async () => {
  const ranges = new Map(['x', 'y'].map((name) => [name, { min: -4, max: 12 }]));
  const plan = planFakeQuantization(prepare(rowsOf(1)), ranges, { weightBits: 4 });
  const grown = prepare(rowsOf(3));
  const { model: file } = quantize(grown, ranges, {
    ...{ activations: 'u8', perChannel: true, reduceRange: false, weightBits: 4 },
  });
  const feeds = { x: noise([2, 3, 4], 1) };
  const [truth, given] = [
    await answers(fakeQuantize(grown, plan), feeds),
    await answers(file, feeds),
  ];
  const most = 1.001 * (plan.activations.get('y')?.scale ?? 0);
  truth.get('y')?.data.forEach((value, at) => {
    assert.ok(Math.abs(Number(value) - Number(given.get('y')?.data[at])) <= most);
  });
});

/** As many rows of a table as a series has places are added to them. */
function rowsOf(factor: number): Model {
  const g = createGraphBuilder({ name: 'rows' });
  const x = g.input('x', 'float32', ['N', 'T', 4]);
  const { dims, data } = noise([5, 4], 2);
  const scaled = tensor(
    'float32',
    dims,
    data.map((value) => factor * value),
  );
  const length = g.op('Gather', [
    g.op('Shape', [x]),
    g.constant(tensor('int64', [], BigInt64Array.of(1n))),
  ]);
  const [zero, one] = [0n, 1n].map((value) =>
    g.constant(tensor('int64', [], BigInt64Array.of(value))),
  );
  const places = g.op('Range', [zero ?? '', length, one ?? '']);
  const rows = g.op('Gather', [g.initializer('table', scaled), places], { output: 'rows' });
  g.op('Add', [x, rows], { output: 'y' });
  g.output('y', 'float32', ['N', 'T', 4]);
  return g.build();
}

/** A matrix that two products share, a stack of matrices, one on the left, and one of two roles. */
function products(opset: number): Model {
  const g = createGraphBuilder({ name: 'products', opset });
  const x = g.input('x', 'float32', ['N', 2, 6]);
  const w = g.initializer('w', noise([6, 6], 2));
  const first = g.op('MatMul', [x, w], { output: 'columns' });
  const second = g.op('MatMul', [g.op('Relu', [first]), w], { output: 'again' });
  const stack = g.initializer('matrices', noise([2, 6, 6], 3));
  const rows = g.op('Unsqueeze', [second, g.ints([1])]);
  const stacked = g.op('MatMul', [rows, stack], { output: 'stack' });
  const left = g.op('MatMul', [g.initializer('mix', noise([3, 2], 4)), stacked], {
    output: 'left',
  });
  const gain = g.initializer('gain', noise([6], 5));
  const sum = g.op('Add', [g.initializer('shift', noise([6], 7)), left], { output: 'sum' });
  g.op('LayerNormalization', [sum, gain], { output: 'norm' });
  g.output('norm', 'float32', ['N', 2, 3, 6]);
  const flat = g.op('Flatten', [first], { attributes: { axis: int(2) } });
  const both = g.initializer('both', noise([6, 6], 6));
  for (const [output, transB] of [
    ['y', 1],
    ['z', 0],
  ] as const) {
    g.op('Gemm', [flat, both], { output, attributes: { transB: int(transB) } });
    g.output(output, 'float32', ['rows', 6]);
  }
  return g.build();
}

function noise(dims: readonly number[], seed: number): Tensor<'float32'> {
  const { normal } = createRandom(seed);
  return tensor('float32', dims, Float32Array.from({ length: elementCount(dims) }, normal));
}

async function answers(model: Model, feeds: Feeds): Promise<ReadonlyMap<string, Tensor>> {
  await using session = await runtime.load(writeModel(model), { optimise: 'none' });
  return new Map(Object.entries(await session.run(feeds)));
}
