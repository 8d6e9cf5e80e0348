import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { elementCount, tensor } from '../../tensor/tensor.ts';
import { createGraphBuilder, type GraphBuilder } from '../builder.ts';
import type { Attribute, Model } from '../graph.ts';
import { readModel } from '../read.ts';
import { writeModel } from '../write.ts';
import { dimsOf, inferShapes } from './infer.ts';

const int = (value: number): Attribute => ({ type: 'int', value: BigInt(value) });
const ints = (...values: number[]): Attribute => ({ type: 'ints', value: values.map(BigInt) });
const text = (value: string): Attribute => ({
  type: 'string',
  value: new TextEncoder().encode(value),
});

const fixtures = new URL('../../../fixtures/onnx/', import.meta.url);
const load = (name: string): Model => readModel(readFileSync(new URL(`${name}.onnx`, fixtures)));

for (const name of [
  'torch-cnn-13',
  'torch-cnn-17',
  'torch-cnn-21',
  'torch-block-13',
  'torch-block-18',
]) {
  test(`every inferred shape of ${name} is what ONNX Runtime computes`, async () => {
    const model = load(name);
    const [input] = model.graph.inputs;
    const dims = (input?.dims ?? []).map((size) => (typeof size === 'number' ? size : 3));
    await agrees(model, { [input?.name ?? '']: dims });
  });
}

/** One chain of operators per fact: `x` in, every value compared with what ONNX Runtime gives. */
const chains: Readonly<
  Record<string, { dims: number[]; write(g: GraphBuilder, x: string): void }>
> = {
  'convolutions with strides, pads, dilations, groups and automatic pads': {
    dims: [2, 4, 11, 9],
    write(g, x) {
      const w = g.constant({ dtype: 'float32', dims: [6, 2, 3, 3], data: new Float32Array(108) });
      const options = { strides: ints(2, 1), pads: ints(1, 0, 2, 1), dilations: ints(1, 2) };
      g.op('Conv', [x, w], { attributes: { group: int(2), ...options } });
      g.op('Conv', [x, w], {
        attributes: { group: int(2), auto_pad: text('SAME_UPPER'), strides: ints(2, 2) },
      });
      g.op('Conv', [x, w], { attributes: { group: int(2), auto_pad: text('VALID') } });
      g.op('Conv', [x, w], { attributes: { group: int(2), pads: ints(0, 3, 5, 4) } });
    },
  },
  'transposed convolutions': {
    dims: [1, 4, 5, 6],
    write(g, x) {
      const w = g.constant({ dtype: 'float32', dims: [4, 3, 3, 2], data: new Float32Array(72) });
      const options = { strides: ints(2, 3), pads: ints(1, 0, 0, 1), output_padding: ints(1, 1) };
      g.op('ConvTranspose', [x, w], { attributes: options });
    },
  },
  pools: {
    dims: [1, 3, 10, 7],
    write(g, x) {
      const window = { kernel_shape: ints(3, 2), strides: ints(2, 2) };
      g.op('MaxPool', [x], { attributes: { ...window, ceil_mode: int(1) } });
      g.op('AveragePool', [x], { attributes: { ...window, pads: ints(1, 0, 1, 1) } });
      g.op('GlobalAveragePool', [x]);
      const sparse = { kernel_shape: ints(2, 2), strides: ints(4, 4), pads: ints(0, 0, 1, 1) };
      const square = g.op('Slice', [x, g.ints([0, 0]), g.ints([4, 4]), g.ints([2, 3])]);
      g.op('MaxPool', [square], { attributes: { ...sparse, ceil_mode: int(1) } });
      const beyond = { kernel_shape: ints(5, 7), strides: ints(4, 4) };
      g.op('MaxPool', [square], { attributes: { ...beyond, ceil_mode: int(1) } });
    },
  },
  'sums along axes': {
    dims: [2, 3, 4],
    write(g, x) {
      g.op('ReduceMean', [x], { attributes: { axes: ints(-1, 0), keepdims: int(0) } });
      g.op('ReduceMax', [x]);
      g.op('ReduceSum', [x, g.ints([1])]);
      g.op('ArgMax', [x], { attributes: { axis: int(1), keepdims: int(0) } });
    },
  },
  'cuts, joins and turns': {
    dims: [2, 5, 6],
    write(g, x) {
      g.op('Slice', [x, g.ints([-1, 1]), g.ints([-100, 100]), g.ints([1, 2]), g.ints([-2, 3])]);
      g.op('Concat', [x, g.op('Relu', [x])], { attributes: { axis: int(-2) } });
      g.op('Transpose', [x], { attributes: { perm: ints(2, 0, 1) } });
      g.op('Pad', [x, g.ints([0, 1, 2, 0, 3, -1])]);
      g.op('Unsqueeze', [g.op('Flatten', [x], { attributes: { axis: int(2) } }), g.ints([0, -1])]);
      g.op('Gather', [x, g.ints([0, 2, 1])], { attributes: { axis: int(1) } });
      g.op('Tile', [x, g.ints([1, 2, 3])]);
      g.ops('Split', [x, g.ints([2, 3])], ['a', 'b'], {
        attributes: { axis: int(1) },
      });
    },
  },
  'sizes that are computed in the graph': {
    dims: [3, 4, 5],
    write(g, x) {
      const shape = g.op('Shape', [x]);
      const first = g.op('Gather', [shape, g.ints([0])]);
      const rest = g.op('Slice', [shape, g.ints([1]), g.ints([3])]);
      const doubled = g.op('Mul', [first, g.ints([4])]);
      g.op('Reshape', [
        x,
        g.op('Concat', [doubled, g.ints([-1])], { attributes: { axis: int(0) } }),
      ]);
      g.op('Reshape', [x, g.op('Concat', [rest, first], { attributes: { axis: int(0) } })]);
      g.op('Reshape', [x, g.ints([0, 2, -1])]);
      g.op('Expand', [x, g.ints([2, 1, 1, 1])]);
    },
  },
  'recurrent layers': {
    dims: [5, 2, 3],
    write(g, x) {
      const weights = (...dims: number[]) =>
        g.constant(tensor('float32', dims, new Float32Array(elementCount(dims))));
      g.ops('GRU', [x, weights(2, 12, 3), weights(2, 12, 4)], ['gru_all', 'gru_state'], {
        attributes: { hidden_size: int(4), direction: text('bidirectional') },
      });
      const outputs = ['lstm_all', 'lstm_state', 'lstm_cell'];
      g.ops('LSTM', [x, weights(1, 16, 3), weights(1, 16, 4)], outputs, {
        attributes: { hidden_size: int(4) },
      });
    },
  },
  'products and comparisons': {
    dims: [2, 3, 4],
    write(g, x) {
      const w = g.constant({ dtype: 'float32', dims: [4, 7], data: new Float32Array(28) });
      const v = g.constant({ dtype: 'float32', dims: [4], data: new Float32Array(4) });
      g.op('MatMul', [x, w]);
      g.op('MatMul', [x, v]);
      g.op('Where', [g.op('Greater', [x, v]), x, g.scalar(0)]);
      g.op('Cast', [x], { attributes: { to: int(6) } });
      const flat = g.op('Flatten', [x]);
      const m = g.constant({ dtype: 'float32', dims: [5, 12], data: new Float32Array(60) });
      g.op('Gemm', [flat, m], { attributes: { transB: int(1) } });
      const quantized = g.op('QuantizeLinear', [x, g.scalar(1)]);
      g.op('DequantizeLinear', [quantized, g.scalar(1)]);
    },
  },
};

for (const [name, { dims, write }] of Object.entries(chains)) {
  test(`shapes of ${name} are what ONNX Runtime computes`, async () => {
    const builder = createGraphBuilder({ name: 'chain', opset: 17 });
    write(builder, builder.input('x', 'float32', dims));
    await agrees(builder.build(), {});
  });
}

test('a symbol flows through the graph', () => {
  const { graph } = inferShapes(load('torch-cnn-13'));
  assert.deepEqual(graph.outputs[0]?.dims, ['batch', 10]);
});

test('inputs that do not fit a node are refused with its name and operator', () => {
  const builder = createGraphBuilder({ name: 'wrong' });
  const weights = builder.constant({ dtype: 'float32', dims: [4, 2], data: new Float32Array(8) });
  builder.op('MatMul', [builder.input('x', 'float32', [1, 3]), weights], { output: 'y' });
  assert.throws(
    () => inferShapes(builder.build()),
    (error) =>
      error instanceof FleetError &&
      error.code === 'invalid-argument' &&
      error.reason.includes('MatMul'),
  );
});

test('an unknown operator leaves its shape open, and who needs it learns its name', () => {
  const builder = createGraphBuilder({ name: 'unknown' });
  builder.op('Frobnicate', [builder.input('x', 'float32', [1, 3])], { output: 'y' });
  const { graph } = inferShapes(builder.build());
  assert.deepEqual(dimsOf(graph, 'x'), [1, 3]);
  assert.throws(
    () => dimsOf(graph, 'y'),
    (error) =>
      error instanceof FleetError &&
      error.code === 'unsupported' &&
      error.reason.includes('Frobnicate'),
  );
});

/** Makes every value an output, runs the graph and compares each result with what was inferred. */
async function agrees(model: Model, inputDims: Record<string, number[]>): Promise<void> {
  const { graph } = inferShapes(model, inputDims);
  const names = graph.nodes.flatMap((node) => node.outputs).filter((name) => name !== '');
  const outputs = names.map(
    (name) => graph.values.get(name) ?? graph.outputs.find((o) => o.name === name),
  );
  const open = outputs.map((value) => ({
    ...value,
    name: value?.name ?? '',
    dtype: value?.dtype,
    dims: undefined,
  }));
  const all = { ...model, graph: { ...model.graph, outputs: open, values: new Map() } };
  const session = await InferenceSession.create(writeModel(all), {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  });
  const feeds = graph.inputs.map(({ name, dims }) => {
    const sizes = dims as number[];
    return [name, new Tensor('float32', new Float32Array(elementCount(sizes)), sizes)] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  assert.ok(names.length > 0);
  for (const name of names) {
    assert.deepEqual(dimsOf(graph, name), results[name]?.dims, name);
    const dtype =
      graph.values.get(name)?.dtype ?? graph.outputs.find((o) => o.name === name)?.dtype;
    assert.equal(dtype, results[name]?.type, name);
  }
}
