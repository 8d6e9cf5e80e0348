import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import type { ModelInput } from '../bundle/manifest.ts';
import { createGraphBuilder, int, ints } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds } from '../runtime/runtime.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { shrink } from '../shrink/shrink.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { buildNetwork, initialWeights, modelNames } from '../train/network.ts';
import { readRecipe } from '../train/read-recipe.ts';
import { fitPrincipalComponents } from './principal-components.ts';
import { appendProfileHead, exposeValues, type ProfileHeadOptions } from './profile-head.ts';

const runtime = createOnnxRuntime();

async function run(model: Model, feeds: Feeds, optimise: 'none' | 'all' = 'all'): Promise<Feeds> {
  await using session = await runtime.load(writeModel(model), { optimise });
  return await session.run(feeds);
}

/** A small untrained network on images of 12 x 12. */
function network(): Model {
  const recipe = readRecipe({
    name: 'small',
    task: 'classification',
    input: { shape: [12, 12, 1], layout: 'hwc', dtype: 'uint8', scale: 1 / 255 },
    layers: [
      { kind: 'conv', filters: 4, kernel: 3 },
      { kind: 'relu' },
      { kind: 'maxpool', size: 2 },
      { kind: 'flatten' },
      { kind: 'dense', units: 16 },
      { kind: 'relu' },
      { kind: 'dense', units: 5 },
    ],
    loss: 'softmax-cross-entropy',
    optimizer: { kind: 'adam', rate: 0.002 },
    schedule: { kind: 'constant' },
    epochs: 1,
    batchSize: 8,
    seed: 1,
  });
  return buildNetwork(recipe, initialWeights(recipe, 1), { mode: 'inference', batch: 'N' });
}

const image: ModelInput = {
  name: modelNames.input,
  dtype: 'uint8',
  dims: [12, 12, 1],
  source: 'image',
};

/** Blobs that differ in place, size and brightness. */
function images(count: number): Tensor<'uint8'> {
  const data = Uint8Array.from({ length: count * 144 }, (_, index) => {
    const item = Math.floor(index / 144);
    const [y, x] = [Math.floor((index % 144) / 12), index % 12];
    const distance = Math.hypot(y - (item % 7) - 2, x - (item % 5) - 3);
    return Math.max(0, 250 - (item % 11) * 12 - distance * (20 + (item % 3) * 15));
  });
  return tensor('uint8', [count, 12, 12, 1], data);
}

const floats = (value: Tensor | undefined): Float32Array => {
  assert.ok(value?.data instanceof Float32Array);
  return value.data;
};
const isClose = (actual: number | undefined, expected: number, what: string): void => {
  assert.ok(
    Math.abs((actual ?? NaN) - expected) <= 1e-4 * Math.max(1, Math.abs(expected)),
    `${what}: ${actual} instead of ${expected}`,
  );
};

async function profiled() {
  const input = images(64);
  const float = network();
  const { model: small } = await shrink(float, {
    calibration: [{ [modelNames.input]: input }],
    runtime,
  });
  const seen = await run(exposeValues(float, [modelNames.features]), { input });
  const features = floats(seen[modelNames.features]);
  const activations = tensor('float32', [64, features.length / 64], features);
  const components = fitPrincipalComponents(activations, { components: 4 });
  const head = appendProfileHead(small, {
    input: image,
    penultimate: { name: modelNames.features, components },
    probabilities: modelNames.probabilities,
  });
  return { input, small, components, ...head };
}

test('the profile of an int8 image classifier has its named columns', async () => {
  const { model, features, input, components } = await profiled();
  assert.deepEqual(features, [
    'mean',
    'spread',
    'low',
    'high',
    'gradient-x',
    'gradient-y',
    ...Array.from({ length: components.components }, (_, index) => `component-${index + 1}`),
    'confidence',
    'entropy',
  ]);
  const { profile } = await run(model, { input });
  assert.deepEqual(profile?.dims, [64, features.length]);
  assert.ok(floats(profile).every(Number.isFinite));
});

test('statistics of the input are what their names say', async () => {
  const { model, features, input } = await profiled();
  const { profile, probabilities } = await run(model, { input });
  const width = features.length;
  for (const item of [0, 17, 63]) {
    const row = floats(profile).subarray(item * width, (item + 1) * width);
    const column = (name: string) => row[features.indexOf(name)];
    const pixels = [...input.data.subarray(item * 144, (item + 1) * 144)];
    const mean = pixels.reduce((sum, pixel) => sum + pixel, 0) / 144;
    isClose(column('mean'), mean, 'mean');
    const variance = pixels.reduce((sum, pixel) => sum + (pixel - mean) ** 2, 0) / 144;
    isClose(column('spread'), Math.sqrt(variance), 'spread');
    const right = pixels.filter((_, at) => at % 12 > 0);
    const left = pixels.filter((_, at) => at % 12 < 11);
    const squares = right.reduce((sum, pixel, at) => sum + (pixel - (left[at] ?? 0)) ** 2, 0);
    isClose(column('gradient-x'), Math.sqrt(squares / 132), 'gradient-x');
    const below = pixels.slice(12).reduce((sum, p, at) => sum + (p - (pixels[at] ?? 0)) ** 2, 0);
    isClose(column('gradient-y'), Math.sqrt(below / 132), 'gradient-y');
    const shares = [...floats(probabilities).subarray(item * 5, item * 5 + 5)];
    isClose(column('confidence'), Math.max(...shares), 'confidence');
    const entropy = -shares.reduce((sum, share) => sum + share * Math.log(share), 0);
    isClose(column('entropy'), entropy, 'entropy');
  }
});

test('components are those of the activations behind the quantization', async () => {
  const { model, features, input, components, small } = await profiled();
  const quantizer = small.graph.nodes.find(
    (node) => node.op === 'QuantizeLinear' && node.inputs[0] === modelNames.features,
  );
  const reader = small.graph.nodes.find((node) => node.inputs[0] === quantizer?.outputs[0]);
  const behind = reader?.outputs[0] ?? '';
  const seen = await run(exposeValues(small, [behind]), { input }, 'none');
  const { profile } = await run(model, { input }, 'none');
  const first = features.indexOf('component-1');
  const activations = floats(seen[behind]);
  const size = activations.length / 64;
  const score = components.mean.reduce(
    (sum, center, at) =>
      sum +
      ((activations[5 * size + at] ?? 0) - center) *
        (components.weights[at * components.components] ?? 0),
    0,
  );
  isClose(floats(profile)[5 * features.length + first], score, 'component-1');
});

test('the answers of the graph stay bit for bit what they were', async () => {
  const { model, small, input } = await profiled();
  for (const optimise of ['none', 'all'] as const) {
    const before = await run(small, { input }, optimise);
    const after = await run(model, { input }, optimise);
    assert.deepEqual(after[modelNames.probabilities], before[modelNames.probabilities]);
  }
});

test('an item has the same profile alone and in a batch', async () => {
  const { model, features, input } = await profiled();
  const { profile } = await run(model, { input });
  const one = tensor('uint8', [1, 12, 12, 1], input.data.subarray(9 * 144, 10 * 144));
  const alone = await run(model, { input: one });
  const width = features.length;
  floats(alone.profile).forEach((value, index) => {
    isClose(value, floats(profile)[9 * width + index] ?? NaN, features[index] ?? '');
  });
});

/** A graph that only passes its input on, in the given operator set. */
function copy(dims: readonly number[], opset: number): Model {
  const graph = createGraphBuilder({ name: 'copy', opset });
  const x = graph.input('x', 'float32', ['N', ...dims]);
  graph.op('Identity', [x], { output: 'y' });
  graph.output('y', 'float32', ['N', ...dims]);
  return graph.build();
}

test('short vectors are counted by column, waveforms and long vectors by statistics', async () => {
  for (const opset of [13, 17, 18, 20]) {
    const input: ModelInput = { name: 'x', dtype: 'float32', dims: [3], source: 'vector' };
    const table = appendProfileHead(copy([3], opset), { input, columns: ['a', 'b', 'c'] });
    assert.deepEqual(table.features, ['a', 'b', 'c']);
    const x = tensor('float32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
    assert.deepEqual((await run(table.model, { x })).profile?.data, x.data);

    const wave = appendProfileHead(copy([40], opset), {
      input: { ...input, dims: [40], source: 'waveform' },
    });
    assert.deepEqual(wave.features, ['mean', 'spread', 'low', 'high', 'slope']);
    const ramp = tensor(
      'float32',
      [1, 40],
      Float32Array.from({ length: 40 }, (_, at) => at),
    );
    const { profile } = await run(wave.model, { x: ramp });
    [19.5, Math.sqrt((1600 - 1) / 12), 0, 39, 1].forEach((value, index) => {
      isClose(floats(profile)[index], value, wave.features[index] ?? '');
    });
  }
});

test('colours and layouts of images are told apart', async () => {
  for (const dims of [
    [8, 8],
    [1, 8, 8],
    [3, 8, 8],
    [8, 8, 3],
    [8, 8, 1],
  ]) {
    const input = { name: 'x', dtype: 'float32', dims, source: 'image' } as const;
    const { model, features } = appendProfileHead(copy(dims, 17), { input });
    const size = dims.reduce((product, length) => product * length, 1);
    const x = tensor('float32', [1, ...dims], new Float32Array(size).fill(7));
    const { profile } = await run(model, { x });
    const expected = { mean: 7, spread: 0, low: 7, high: 7, 'gradient-x': 0, 'gradient-y': 0 };
    assert.deepEqual(features, Object.keys(expected));
    assert.deepEqual([...floats(profile)], Object.values(expected));
  }
});

for (const [layout, dims] of [
  ['grey', [151, 100]],
  ['colours last', [151, 100, 3]],
  ['colours first', [3, 151, 100]],
  ['colours last, moved by the model', [151, 100, 3]],
] as const) {
  test(`of a large image every fifth row and column is looked at, and the pixels beside them: ${layout}`, async () => {
    const [height, width] = [151, 100];
    const channels = dims.length === 2 ? 1 : 3;
    const raw = (y: number, x: number, c: number) => (y * 7 + x * x + c * 50 + (x % 5) * 11) % 256;
    const isFirst = dims[0] === 3;
    const pixels = Uint8Array.from({ length: height * width * channels }, (_, index) => {
      const c = isFirst ? Math.floor(index / (height * width)) : index % channels;
      const place = isFirst ? index % (height * width) : Math.floor(index / channels);
      return raw(Math.floor(place / width), place % width, c);
    });
    const input: ModelInput = { ...image, dims: [...dims] };
    const graph = createGraphBuilder({ name: 'same' });
    const x = graph.input(input.name, 'uint8', ['N', ...dims]);
    const moved = layout.endsWith('model')
      ? graph.op('Transpose', [x], { attributes: { perm: ints([0, 3, 1, 2]) } })
      : x;
    graph.op('Cast', [moved], { attributes: { to: int(1) }, output: 'same' });
    graph.output('same', 'float32', ['N']);
    const { model, features } = appendProfileHead(graph.build(), { input });
    assert.equal(
      model.graph.nodes.filter(({ op }) => op === 'Transpose').length,
      moved === x ? 0 : 1,
    );
    const { profile } = await run(model, {
      [input.name]: tensor('uint8', [1, ...dims], pixels),
    });
    const column = (name: string) => floats(profile)[features.indexOf(name)];
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const rms = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => value ** 2)));
    const grey = (y: number, x: number) =>
      mean(Array.from({ length: channels }, (_, c) => raw(y, x, c)));
    // The last row and column have none beside them.
    const places = Array.from({ length: 30 * 20 }, (_, index) => {
      return [5 * Math.floor(index / 20), 5 * (index % 20)] as const;
    });
    const level = mean(places.map(([y, x]) => grey(y, x)));
    isClose(column('mean'), level, 'mean');
    isClose(column('spread'), rms(places.map(([y, x]) => grey(y, x) - level)), 'spread');
    const patches = Array.from({ length: 7 * 5 }, (_, patch) => {
      const [top, left] = [20 * Math.floor(patch / 5), 20 * (patch % 5)];
      const inside = ([y, x]: readonly [number, number]): boolean =>
        y >= top && y < top + 20 && x >= left && x < left + 20;
      return mean(places.filter(inside).map(([y, x]) => grey(y, x)));
    });
    isClose(column('low'), Math.min(...patches), 'low');
    isClose(column('high'), Math.max(...patches), 'high');
    const right = places.map(([y, x]) => grey(y, x + 1) - grey(y, x));
    isClose(column('gradient-x'), rms(right), 'gradient-x');
    const below = places.map(([y, x]) => grey(y + 1, x) - grey(y, x));
    isClose(column('gradient-y'), rms(below), 'gradient-y');
  });
}

test('values that the graph lacks are refused by name', () => {
  const input: ModelInput = { name: 'x', dtype: 'float32', dims: [3], source: 'vector' };
  const wrong: ProfileHeadOptions[] = [
    { input: { ...input, name: 'z' } },
    { input, probabilities: 'z' },
    { input, output: 'y' },
    { input, columns: ['only one'] },
    { input: { ...input, dims: [9, 9, 9], source: 'image' } },
  ];
  for (const options of wrong) {
    assert.throws(
      () => appendProfileHead(copy([3], 17), options),
      (thrown) => thrown instanceof FleetError && thrown.code === 'invalid-argument',
    );
  }
});
