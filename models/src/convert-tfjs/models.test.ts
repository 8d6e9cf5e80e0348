import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { convertTfjs } from './convert.ts';
import { largestDifference, randomised, saved } from './testing/tfjs-model.ts';

before(() => tf.setBackend('cpu'));

const { layers } = tf;
type Symbol = tf.SymbolicTensor;

const merges = {
  add: layers.add,
  multiply: layers.multiply,
  average: layers.average,
  maximum: layers.maximum,
  minimum: layers.minimum,
} as const;

for (const [name, make] of Object.entries(merges)) {
  test(`${name} of a residual and its source gives what tfjs gives`, async () => {
    const input = tf.input({ shape: [6, 5, 3] });
    const conv = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same' });
    const other = layers.conv2d({ filters: 3, kernelSize: 1 });
    const inner = conv.apply(input) as Symbol;
    const joined = make({}).apply([inner, input, other.apply(inner) as Symbol]);
    const model = tf.model({ inputs: input, outputs: joined as Symbol });
    assert.ok((await largestDifference(randomised(model), [{ dims: [2, 6, 5, 3] }])) < 1e-5);
  });
}

test('inputs of other rank and sizes of one are spread as tfjs spreads them', async () => {
  const [image, vector, row] = [[4, 5, 3], [3], [1, 5, 1]].map((shape) => tf.input({ shape }));
  const inputs = [image, vector, row] as Symbol[];
  const model = tf.model({ inputs, outputs: layers.add().apply(inputs) as Symbol });
  const feeds = [{ dims: [2, 4, 5, 3] }, { dims: [2, 3] }, { dims: [2, 1, 5, 1] }];
  assert.ok((await largestDifference(model, feeds)) < 1e-5);
});

for (const axis of [-1, 1, 2]) {
  test(`concatenation along axis ${axis} gives what tfjs gives`, async () => {
    const input = tf.input({ shape: [6, 5, 3] });
    const make = () => layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same' });
    const parts = [make().apply(input), make().apply(input), input] as Symbol[];
    const model = tf.model({
      inputs: input,
      outputs: [layers.concatenate({ axis }).apply(parts) as Symbol],
    });
    assert.ok((await largestDifference(randomised(model), [{ dims: [2, 6, 5, 3] }])) < 1e-5);
  });
}

const dots = [
  { shapes: [[4], [4]], axes: 1, normalize: false },
  { shapes: [[4], [4]], axes: -1, normalize: true },
  { shapes: [[3, 4], [4]], axes: [2, 1], normalize: false },
  {
    shapes: [
      [3, 4],
      [5, 4],
    ],
    axes: 2,
    normalize: false,
  },
  {
    shapes: [
      [3, 4],
      [4, 5],
    ],
    axes: [2, 1],
    normalize: true,
  },
  {
    shapes: [
      [4, 3],
      [4, 5],
    ],
    axes: 1,
    normalize: false,
  },
] as const;

for (const { shapes, axes, normalize } of dots) {
  test(`dot of ${JSON.stringify(shapes)} along ${axes} gives what tfjs gives`, async () => {
    const inputs = shapes.map((shape) => tf.input({ shape: [...shape] }));
    const dot = layers.dot({ axes: axes as number, normalize });
    const model = tf.model({ inputs, outputs: dot.apply(inputs) as Symbol });
    const feeds = shapes.map((shape) => ({ dims: [2, ...shape] }));
    assert.ok((await largestDifference(model, feeds)) < 1e-5);
  });
}

test('a layer that is called twice has its weights once', async () => {
  const inputs = [tf.input({ shape: [5] }), tf.input({ shape: [5] })];
  const shared = layers.dense({ units: 4, activation: 'tanh' });
  const outputs = inputs.map((input) => shared.apply(input) as Symbol);
  const model = tf.model({ inputs, outputs: [...outputs, layers.add().apply(outputs) as Symbol] });
  assert.ok(
    (await largestDifference(randomised(model), [{ dims: [2, 5] }, { dims: [2, 5] }])) < 1e-5,
  );
  const { document, bytes } = await saved(model);
  const { graph } = convertTfjs(document, bytes);
  assert.equal(graph.nodes.filter(({ op }) => op === 'Gemm').length, 2);
  assert.equal(graph.initializers.size, 2);
});

test('models within models give what tfjs gives, called once or twice', async () => {
  const inner = tf.sequential();
  inner.add(layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', inputShape: [6, 5, 3] }));
  inner.add(layers.batchNormalization({}));
  const source = tf.input({ shape: [6, 5, 3] });
  const both = layers.add().apply([source, inner.apply(source) as Symbol]) as Symbol;
  const middle = tf.model({ inputs: source, outputs: [both, inner.apply(both) as Symbol] });
  const outer = tf.input({ shape: [6, 5, 3] });
  const [left, right] = middle.apply(outer) as Symbol[];
  const again = middle.apply(left as Symbol) as Symbol[];
  const model = tf.model({ inputs: outer, outputs: [right, ...again] as Symbol[] });
  assert.ok((await largestDifference(randomised(model), [{ dims: [2, 6, 5, 3] }])) < 1e-5);
});

test('a Sequential model may begin with a model', async () => {
  const inner = tf.sequential();
  inner.add(layers.dense({ units: 4, inputShape: [3] }));
  const model = tf.sequential();
  model.add(inner);
  model.add(layers.dense({ units: 2 }));
  assert.ok((await largestDifference(randomised(model), [{ dims: [2, 3] }])) < 1e-5);
});

test('a MobileNetV2 block keeps its image channels first from the first to the last window', async () => {
  const input = tf.input({ shape: [8, 8, 3], name: 'picture' });
  const step = (value: Symbol, layer: tf.layers.Layer): Symbol => layer.apply(value) as Symbol;
  const normal = (value: Symbol): Symbol =>
    step(step(value, layers.batchNormalization({})), layers.reLU({ maxValue: 6 }));
  const bare = { useBias: false, padding: 'same' } as const;
  const start = normal(
    step(input, layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, ...bare })),
  );
  const wide = normal(step(start, layers.conv2d({ filters: 12, kernelSize: 1, ...bare })));
  const deep = normal(step(wide, layers.depthwiseConv2d({ kernelSize: 3, ...bare })));
  const back = step(
    step(deep, layers.conv2d({ filters: 4, kernelSize: 1, ...bare })),
    layers.batchNormalization({}),
  );
  const sum = layers.add().apply([start, back]) as Symbol;
  const pooled = step(sum, layers.globalAveragePooling2d({}));
  const output = step(pooled, layers.dense({ units: 5, activation: 'softmax', name: 'classes' }));
  const model = randomised(tf.model({ inputs: input, outputs: output }));
  assert.ok((await largestDifference(model, [{ dims: [2, 8, 8, 3] }])) < 1e-5);
  const { document, bytes } = await saved(model);
  const { graph } = convertTfjs(document, bytes);
  assert.equal(graph.nodes.filter(({ op }) => op === 'Transpose').length, 1);
  assert.deepEqual(graph.inputs, [{ name: 'picture', dtype: 'float32', dims: ['N', 8, 8, 3] }]);
  assert.deepEqual(graph.outputs, [{ name: 'classes', dtype: 'float32', dims: ['N', 5] }]);
});
