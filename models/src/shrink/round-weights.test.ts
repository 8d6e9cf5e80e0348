import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, int } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { calibrate } from './calibrate/calibrate.ts';
import { prepare } from './prepare.ts';
import { quantize } from './quantize/quantize.ts';
import { roundWeights } from './round-weights.ts';

const runtime = createOnnxRuntime();

for (const perChannel of [true, false]) {
  test(`weights in float are those of the int8 file, ${perChannel ? 'per channel' : 'as a whole'}`, async () => {
    const float = prepare(layers());
    const x = noise([2, 4, 5, 6], 1);
    const ranges = await calibrate(float, [{ x }], runtime, { method: 'minmax' });
    const options = { activations: 'u8', perChannel, reduceRange: false, weightBits: 4 } as const;
    const { model: int8 } = quantize(float, ranges, options);
    const rounded = roundWeights(float, int8).graph.initializers;

    const names = ['deconv', 'conv', 'matrix', 'stack', 'left', 'twice'];
    const outputs = names.map((name) => ({ name, dtype: 'float32', dims: undefined }) as const);
    const weights = { ...int8, graph: { ...int8.graph, outputs } };
    await using session = await runtime.load(writeModel(weights), { optimise: 'none' });
    const read = await session.run({ x });
    for (const name of names) {
      assert.notDeepEqual(rounded.get(name)?.data, float.graph.initializers.get(name)?.data);
      assert.deepEqual(rounded.get(name)?.data, read[name]?.data, name);
    }
    assert.deepEqual([...rounded.keys()], [...float.graph.initializers.keys()]);
  });
}

/** A transposed convolution in groups, and products with matrices; two Gemms read one of them. */
function layers(): Model {
  const g = createGraphBuilder({ name: 'layers' });
  const weight = (name: string, dims: readonly number[], seed: number): string =>
    g.initializer(name, noise(dims, seed));
  const x = g.input('x', 'float32', ['N', 4, 5, 6]);
  const attributes = { group: int(2) };
  const up = g.op('ConvTranspose', [x, weight('deconv', [4, 3, 1, 1], 2)], { attributes });
  const down = g.op('Conv', [up, weight('conv', [4, 3, 1, 1], 3)], { attributes });
  const first = g.op('MatMul', [down, weight('matrix', [6, 5], 4)]);
  const second = g.op('MatMul', [first, weight('stack', [4, 5, 5], 5)]);
  const third = g.op('MatMul', [weight('left', [5, 5], 6), second]);
  const rows = g.op('Reshape', [third, g.ints([-1, 5])]);
  const twice = weight('twice', [5, 5], 7);
  const fourth = g.op('Gemm', [rows, twice]);
  g.op('Gemm', [fourth, twice], { output: 'y', attributes: { transB: int(1) } });
  g.output('y', 'float32', ['rows', 5]);
  return g.build();
}

function noise(dims: readonly number[], seed: number): Tensor<'float32'> {
  const { normal } = createRandom(seed);
  return tensor('float32', dims, Float32Array.from({ length: elementCount(dims) }, normal));
}
