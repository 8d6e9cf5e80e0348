import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, int, ints } from '../../onnx/builder.ts';
import type { Attribute } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import { productLayoutOf } from './product-layout.ts';
import { rowReaderOf } from './row-reader.ts';
import { sampleRows } from './sample-rows.ts';

const runtime = createOnnxRuntime();

interface Case {
  readonly op: string;
  readonly input: readonly number[];
  readonly weight: readonly number[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

const sameUpper: Attribute = { type: 'string', value: new TextEncoder().encode('SAME_UPPER') };

const cases: Readonly<Record<string, Case>> = {
  'a convolution': { op: 'Conv', input: [2, 3, 5, 6], weight: [4, 3, 3, 2] },
  'one with strides, pads and dilations': {
    ...{ op: 'Conv', input: [2, 3, 9, 8], weight: [4, 3, 3, 3] },
    attributes: { strides: ints([2, 1]), pads: ints([1, 2, 0, 1]), dilations: ints([1, 2]) },
  },
  'one that works out its pads': {
    ...{ op: 'Conv', input: [1, 2, 7, 6], weight: [3, 2, 3, 3] },
    attributes: { strides: ints([2, 2]), auto_pad: sameUpper },
  },
  'a depthwise one': {
    ...{ op: 'Conv', input: [2, 4, 5, 5], weight: [4, 1, 3, 3] },
    attributes: { group: int(4), pads: ints([1, 1, 1, 1]) },
  },
  'a grouped one': {
    ...{ op: 'Conv', input: [2, 4, 5, 5], weight: [6, 2, 3, 3] },
    attributes: { group: int(2) },
  },
  'one over time': { op: 'Conv', input: [2, 3, 9], weight: [4, 3, 4] },
  'a transposed convolution': {
    ...{ op: 'ConvTranspose', input: [2, 3, 4, 5], weight: [3, 2, 3, 3] },
    attributes: { strides: ints([2, 3]), pads: ints([1, 0, 1, 1]), output_padding: ints([1, 0]) },
  },
  'a grouped transposed one with dilations': {
    ...{ op: 'ConvTranspose', input: [1, 4, 4, 3], weight: [4, 3, 2, 2] },
    attributes: { group: int(2), dilations: ints([2, 1]) },
  },
  'a Gemm': { op: 'Gemm', input: [5, 7], weight: [7, 3] },
  'a Gemm with turned weights': {
    ...{ op: 'Gemm', input: [5, 7], weight: [3, 7] },
    attributes: { transB: int(1) },
  },
  'a MatMul over several axes': { op: 'MatMul', input: [2, 3, 7], weight: [7, 4] },
};

for (const [name, { op, input, weight, attributes = {} }] of Object.entries(cases)) {
  test(`${name} is a product of rows and weights`, async () => {
    const g = createGraphBuilder({ name });
    const [x, w] = [numbers(input, 1), numbers(weight, 2)];
    g.input('x', 'float32', input);
    const options = { attributes, output: 'y' };
    g.op(op, ['x', g.initializer('w', w)], options);
    g.output('y', 'float32', []);
    await using session = await runtime.load(writeModel(g.build()));
    const y = (await session.run({ x })).y as Tensor;
    const [node] = g.nodes;
    const layout = node && productLayoutOf(node, weight);
    assert.ok(node !== undefined && layout !== undefined);
    const { groups, depth, width } = layout;
    assert.equal(groups * depth * width, elementCount(weight));
    const reader = rowReaderOf(node, layout, { input: x, output: y });
    assert.equal(reader.rows * groups * width, y.data.length);
    const random = createRandom(3);
    const batches = sampleRows([reader], layout, { most: 40, batch: 16, random });
    assert.ok(batches.length > 0);
    for (const batch of batches) {
      const [, rows = 0] = batch.input.dims;
      for (let at = 0; at < batch.wanted.data.length; at++) {
        const group = Math.floor(at / (rows * width));
        const start = Math.floor(at / width) * depth;
        let sum = 0;
        for (let k = 0; k < depth; k++) {
          const place = layout.placeOf(group, k, at % width);
          sum += (batch.input.data[start + k] ?? 0) * (w.data[place] ?? 0);
        }
        assert.ok(Math.abs(sum - (batch.wanted.data[at] ?? NaN)) < 1e-4);
      }
    }
  });
}

test('no row is drawn twice, and every feed gives its share', () => {
  const layout = { groups: 1, depth: 1, width: 1, kernel: [], placeOf: () => 0 };
  const readers = [100, 30, 5].map((rows, feed) => ({
    rows,
    readInput: (row: number, _: number, into: Float32Array) => into.fill(1000 * feed + row),
    readOutput: (_: number, __: number, into: Float32Array) => into.fill(feed),
  }));
  const batches = sampleRows(readers, layout, { most: 60, batch: 15, random: createRandom(1) });
  const drawn = batches.flatMap(({ input }) => Array.from(input.data));
  assert.deepEqual([batches.length, drawn.length, new Set(drawn).size], [3, 45, 45]);
  const feeds = batches.flatMap(({ wanted }) => Array.from(wanted.data));
  assert.ok([0, 1, 2].every((feed) => feeds.includes(feed)));
});

test('what is no plain layer has no layout', () => {
  const node = (op: string, attributes: Readonly<Record<string, Attribute>> = {}) => ({
    ...{ name: '', op, domain: '', inputs: ['x', 'w'], outputs: ['y'] },
    attributes: new Map(Object.entries(attributes)),
  });
  assert.equal(productLayoutOf(node('MatMul'), [2, 3, 4]), undefined);
  assert.equal(productLayoutOf(node('LayerNormalization'), [4]), undefined);
  assert.equal(productLayoutOf({ ...node('Gemm'), domain: 'own' }, [4, 3]), undefined);
  const sizes = [3, 2, 2, 2];
  assert.equal(productLayoutOf(node('ConvTranspose', { auto_pad: sameUpper }), sizes), undefined);
});

function numbers(dims: readonly number[], seed: number): Tensor<'float32'> {
  const { normal } = createRandom(seed);
  return tensor('float32', dims, Float32Array.from({ length: elementCount(dims) }, normal));
}
