import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import type { LabelledData } from './batches.ts';
import { buildNetwork, initialWeights } from './network.ts';
import { readRecipe } from './read-recipe.ts';
import { train } from './train.ts';

const runtime = createOnnxRuntime();

const base = {
  ...{ name: 'series', task: 'classification', loss: 'softmax-cross-entropy' },
  input: { shape: [24, 2], dtype: 'float32', scale: 1 },
  optimizer: { kind: 'adam', rate: 0.01 },
  schedule: { kind: 'cosine', warmupSteps: 10 },
  ...{ epochs: 10, batchSize: 32, seed: 3 },
};
const dense = { kind: 'dense', units: 3 };

/**
 * Three shapes of a wave in noise: rising, falling, or rising and falling; amplitude and start vary.
 * The last steps alone, or the means, do not tell them apart.
 */
function waves(count: number, seed: number, steps = 24, channels = 2): LabelledData {
  const random = createRandom(seed);
  const data = new Float32Array(count * steps * channels);
  const labels = new Int32Array(count);
  for (let sample = 0; sample < count; sample++) {
    const label = random.below(3);
    labels[sample] = label;
    const start = random.between(0, steps / 2);
    const height = random.between(0.7, 1.5);
    for (let at = 0; at < steps * channels; at++) {
      const along = (Math.floor(at / channels) - start) / (steps / 2);
      const share = at % channels === 0 ? height : -0.5 * height;
      const grain = random.between(-0.2, 0.2);
      data[sample * steps * channels + at] = share * waveAt(label, along) + grain;
    }
  }
  return { inputs: tensor('float32', [count, steps, channels], data), labels };
}

/** Height of a wave at a part of its way. */
function waveAt(label: number, along: number): number {
  const part = Math.min(1, Math.max(0, along));
  if (label === 2) return Math.sin(Math.PI * part);
  return label === 0 ? part - 0.5 : 0.5 - part;
}

const networks: readonly (readonly [string, readonly object[]])[] = [
  ['GRU', [{ kind: 'gru', units: 12 }, dense]],
  ['LSTM', [{ kind: 'lstm', units: 12 }, dense]],
  [
    'Conv1D',
    [
      { kind: 'conv1d', filters: 8, kernel: 5 },
      { kind: 'relu' },
      { kind: 'maxpool', size: 2 },
      { kind: 'conv1d', filters: 12, kernel: 3 },
      { kind: 'relu' },
      { kind: 'flatten' },
      dense,
    ],
  ],
  [
    'stack of all kinds for series',
    [
      { kind: 'separable', filters: 8, kernel: 5, bias: false },
      { kind: 'batchnorm' },
      { kind: 'hardswish' },
      { kind: 'residual', layers: [{ kind: 'conv1d', filters: 8, kernel: 3 }, { kind: 'tanh' }] },
      { kind: 'avgpool', size: 2 },
      { kind: 'gru', units: 8, returns: 'all' },
      { kind: 'lstm', units: 8, returns: 'all' },
      { kind: 'globalmaxpool' },
      { kind: 'leakyrelu' },
      dense,
    ],
  ],
];

for (const [name, layers] of networks) {
  test(`a ${name} learns the shapes of waves`, async () => {
    const recipe = readRecipe({ ...base, layers });
    const { history } = await train({
      ...{ recipe, data: waves(1000, 1), validation: waves(300, 2), runtime },
    });
    const accuracy = history.at(-1)?.validation?.accuracy ?? 0;
    assert.ok(accuracy > 0.95, `accuracy ${accuracy}`);
  });
}

test('the example recipe for series learns, judged by a split of its own', async () => {
  const url = new URL('../../recipes/series.json', import.meta.url);
  const recipe = readRecipe({ ...JSON.parse(readFileSync(url, 'utf8')), epochs: 6 });
  const { history, epoch } = await train({ recipe, data: waves(800, 5, 64, 3), runtime });
  const accuracy = history[epoch]?.validation?.accuracy ?? 0;
  assert.ok(accuracy > 0.95, `accuracy ${accuracy}`);
});

for (const kind of ['gru', 'lstm'] as const) {
  for (const returns of ['last', 'all'] as const) {
    test(`a ${kind} that returns ${returns} computes the same unrolled and as one operator`, async () => {
      const end = returns === 'all' ? [{ kind: 'flatten' }, dense] : [dense];
      const recipe = readRecipe({ ...base, layers: [{ kind, units: 5, returns }, ...end] });
      const random = createRandom(8);
      const weights = new Map(
        [...initialWeights(recipe, 4)].map(([name, value]) => [
          name,
          tensor(
            'float32',
            value.dims,
            Float32Array.from(value.data as Float32Array, () => random.between(-1, 1)),
          ),
        ]),
      );
      const logits = async (mode: 'training' | 'inference') => {
        const model = buildNetwork(recipe, weights, { mode, batch: 4 });
        await using session = await runtime.load(writeModel(model));
        const results = await session.run({ input: waves(4, 6).inputs }, { outputs: ['logits'] });
        return results.logits?.data as Float32Array;
      };
      const [ours, engine] = [await logits('training'), await logits('inference')];
      const worst = ours.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - (engine[at] ?? 9))),
        0,
      );
      assert.ok(worst < 1e-5, `difference ${worst}`);
    });
  }
}

test('a series of one step is trained like any other', async () => {
  for (const kind of ['gru', 'lstm']) {
    const input = { shape: [1, 3], dtype: 'float32', scale: 1 };
    const recipe = readRecipe({ ...base, input, layers: [{ kind, units: 6 }, dense] });
    const random = createRandom(9);
    const labels = Int32Array.from({ length: 300 }, () => random.below(3));
    const values = [...labels].flatMap((label) =>
      [0, 1, 2].map((place) => random.between(-0.5, 0.5) + (place === label ? 1 : 0)),
    );
    const data = { inputs: tensor('float32', [300, 1, 3], Float32Array.from(values)), labels };
    const { history } = await train({ recipe, data, validation: data, runtime });
    assert.ok((history.at(-1)?.validation?.accuracy ?? 0) > 0.9, kind);
  }
});
