import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, type GraphBuilder, int } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import type { Range, Ranges } from '../calibrate/ranges.ts';
import { quantize } from './quantize.ts';

/** Where the Python tool's file computes something else, or does not load, and ours must not. */
const options = { activations: 'u8', perChannel: true, reduceRange: false } as const;

/** Graphs in which nodes take one constant for different things; x is [3, 3]. */
const sharing: Readonly<Record<string, (g: GraphBuilder, x: string) => void>> = {
  'a bias that is added again': (g, x) => {
    const [w, b] = [g.initializer('w', wave([3, 3])), g.initializer('b', wave([3]))];
    g.op('Add', [g.op('Gemm', [x, w, b], { output: 'h' }), b], { output: 'y' });
  },
  'a bias that was added before': (g, x) => {
    const [w, b] = [g.initializer('w', wave([3, 3])), g.initializer('b', wave([3]))];
    g.op('Gemm', [g.op('Add', [x, b], { output: 'h' }), w, b], { output: 'y' });
  },
  'a weight that is turned, and multiplied with': (g, x) => {
    const [w, b] = [g.initializer('w', wave([3, 3])), g.initializer('b', wave([3]))];
    const first = g.op('Gemm', [x, w, b], { output: 'h', attributes: { transB: int(1) } });
    const second = g.op('Gemm', [first, w, b], { output: 'k' });
    g.op('Mul', [second, w], { output: 'y' });
  },
  'rows of a table that is also a weight': (g, x) => {
    const table = g.initializer('w', wave([5, 3]));
    const rows = g.op('Gather', [table, g.ints([2, 0, 4])], { output: 'rows' });
    const sum = g.op('Add', [x, rows], { output: 'h' });
    const near = g.op('Gemm', [sum, table], { output: 'k', attributes: { transB: int(1) } });
    g.op('MatMul', [near, g.initializer('v', wave([5, 3]))], { output: 'y' });
  },
};
for (const [what, write] of Object.entries(sharing)) {
  test(`${what} has integers of its own in each role`, async () => {
    const g = createGraphBuilder({ name: 'g' });
    write(g, g.input('x', 'float32', [3, 3]));
    g.output('y', 'float32', [3, 3]);
    const model = g.build();
    const ranges = rangesFor(model, { min: -3, max: 3 });
    for (const given of [{}, { perChannel: false }, { activations: 's8' } as const]) {
      const { model: small, report } = quantize(model, ranges, { ...options, ...given });
      assert.deepEqual(report.float, []);
      const x = wave([3, 3]);
      const [before, after] = [await run(model, x), await run(small, x)];
      const worst = Math.max(...before.map((value, at) => Math.abs(value - (after[at] ?? 9))));
      assert.ok(worst < 0.1, `${worst}`);
    }
  });
}

test('a constant that an operator without int8 form reads keeps its value for it', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const exponent = g.initializer('two', tensor('float32', [], new Float32Array([2])));
  const shifted = g.op('Add', [g.input('x', 'float32', [3]), exponent], { output: 'h' });
  const bounded = g.op('Clip', [shifted, '', exponent], { output: 'k' });
  g.op('Pow', [g.op('Neg', [bounded], { output: 'l' }), exponent], { output: 'y' });
  g.output('y', 'float32', [3]);
  const model = g.build();
  const given = { ...options, symmetricActivations: true };
  const { model: small } = quantize(model, rangesFor(model, { min: -3, max: 3 }), given);
  // An exponent that is not quite 2 makes NaN of negative numbers.
  const results = await run(small, tensor('float32', [3], new Float32Array([-2.5, -0.5, 0.5])));
  for (const [at, value] of [0.25, 2.25, 4].entries()) {
    assert.ok(Math.abs((results[at] ?? 9) - value) < 0.1, `${results.join()}`);
  }
});

test('a stack of matrices runs in int8', async () => {
  const g = createGraphBuilder({ name: 'g' });
  g.op('MatMul', [g.input('x', 'float32', [2, 3, 4]), g.initializer('w', wave([2, 4, 5]))], {
    output: 'y',
  });
  g.output('y', 'float32', [2, 3, 5]);
  const model = g.build();
  const { model: small } = quantize(model, rangesFor(model), options);
  const x = wave([2, 3, 4]);
  const [before, after] = [await run(model, x), await run(small, x)];
  assert.ok(Math.max(...before.map((value, at) => Math.abs(value - (after[at] ?? 9)))) < 0.02);
});

test('a Relu or Clip stays where the grid of its output lets more through', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.op('Add', [g.input('x', 'float32', [5]), g.scalar(0.25)], { output: 'sum' });
  const above = g.op('Clip', [x, g.scalar(0.5), g.scalar(1)], { output: 'above' });
  const below = g.op('Clip', [g.op('Neg', [x], { output: 'less' }), '', g.scalar(-0.5)], {
    output: 'below',
  });
  const both = g.op('Add', [above, below], { output: 'both' });
  g.op('Relu', [both], { output: 'y' });
  g.output('y', 'float32', [5]);
  const model = g.build();
  const ranges = new Map([
    ...rangesFor(model, { min: -2, max: 2 }),
    ['above', { min: 0.5, max: 1 }] as const,
    ['below', { min: -2, max: -0.5 }] as const,
  ]);
  const { model: small } = quantize(model, ranges, options);
  const given = tensor('float32', [5], new Float32Array([-1.5, -0.25, 0, 0.5, 1.5]));
  const [before, after] = [await run(model, given), await run(small, given)];
  const worst = Math.max(...before.map((value, at) => Math.abs(value - (after[at] ?? 9))));
  assert.ok(worst < 0.05, `${before.join()} became ${after.join()}`);
});

test('a Relu or Clip that gave nothing but zero stays one', async () => {
  const g = createGraphBuilder({ name: 'g' });
  const x = g.input('x', 'float32', [1, 3]);
  const inputs = [g.initializer('w', wave([3, 2])), g.initializer('b', wave([2]))];
  const dead = g.op('Relu', [g.op('Gemm', [x, ...inputs], { output: 'h' })], { output: 'dead' });
  const bounds = [g.scalar(0), g.scalar(6)];
  const low = g.op('Clip', [g.op('Neg', [x], { output: 'less' }), ...bounds], { output: 'low' });
  g.op('Concat', [dead, low], { output: 'y', attributes: { axis: int(1) } });
  g.output('y', 'float32', [1, 5]);
  const model = g.build();
  const nothing = { min: 0, max: 0 };
  const ranges = new Map([
    ...rangesFor(model, { min: -40, max: 40 }),
    ['dead', nothing] as const,
    ['low', nothing] as const,
  ]);
  for (const activations of ['u8', 's8'] as const) {
    const { model: small } = quantize(model, ranges, { ...options, activations });
    const y = await run(small, tensor('float32', [1, 3], Float32Array.of(-30, 4, -9)));
    assert.ok(y[0] === 0 && y[1] === 0, y.join());
    assert.deepEqual(
      [...y.subarray(2)],
      [6, 0, 6].map((value) => nearest(small, value)),
    );
  }
});

/** What the grid of the outputs makes of a number. */
function nearest({ graph }: Model, value: number): number {
  const scale = graph.initializers.get('y_scale')?.data[0] as number;
  return Math.fround(Math.round(value / scale) * scale);
}

function rangesFor({ graph }: Model, range: Range = { min: -1, max: 1 }): Ranges {
  const names = [...graph.inputs.map(({ name }) => name), ...graph.nodes.flatMap((n) => n.outputs)];
  return new Map(names.map((name) => [name, range]));
}

function wave(dims: readonly number[]): Tensor<'float32'> {
  const data = Float32Array.from({ length: elementCount(dims) }, (_, at) => Math.cos(at) / 2);
  return tensor('float32', dims, data);
}

async function run(model: Model, x: Tensor): Promise<Float32Array> {
  await using session = await createOnnxRuntime().load(writeModel(model));
  return (await session.run({ x })).y?.data as Float32Array;
}
