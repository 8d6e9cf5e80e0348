import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { modelNames } from '../train/network.ts';
import { trainQuantized } from '../train/qat/train-quantized.ts';
import { readRecipe } from '../train/read-recipe.ts';
import { bars } from '../train/testing/bars.ts';
import { train } from '../train/train.ts';
import { plannedClasses, planVariants, schemesOf } from './plan.ts';
import { shrinkFor } from './shrink-for.ts';

const runtime = createOnnxRuntime();
const faint = { bright: 120, noise: 130 } as const;
const recipe = readRecipe({
  ...{ name: 'bars', task: 'classification', loss: 'softmax-cross-entropy' },
  input: { shape: [8, 8, 1], dtype: 'uint8', scale: 1 / 255 },
  layers: [
    ...[{ kind: 'conv', filters: 8, kernel: 3, bias: false }, { kind: 'batchnorm' }],
    ...[{ kind: 'relu6' }, { kind: 'maxpool' }, { kind: 'flatten' }],
    ...[{ kind: 'dense', units: 16 }, { kind: 'relu' }, { kind: 'dense', units: 2 }],
  ],
  optimizer: { kind: 'adam', rate: 0.01 },
  ...{ schedule: { kind: 'cosine', warmupSteps: 4 }, epochs: 6, batchSize: 25, seed: 1 },
});
const data = bars(500, 1, faint);
const { model: initial } = await train({ recipe, data, runtime });
const quantization = { weightBits: 2, epochs: 8, rate: 0.01 } as const;
const { model, ranges } = await trainQuantized({ recipe, data, runtime, initial, quantization });
const options = { calibration: [], runtime, trained: { weightBits: 2, ranges } } as const;

for (const scheme of schemesOf(planVariants(plannedClasses()))) {
  test(`a network that was trained for two bits keeps its skill as ${scheme}, and its weights`, async () => {
    const small = await shrinkFor(model, scheme, options);
    assert.ok((await accuracyOf(small)) > 0.95);
    for (const { data: integers, dims } of small.graph.initializers.values()) {
      if (!(integers instanceof Int8Array) || dims.length < 2) continue;
      const magnitudes = new Set(integers.map(Math.abs));
      assert.deepEqual([...magnitudes].sort(), scheme === 'weight-only' ? [0, 127] : [0, 1]);
    }
  });
}

test('without what the training found two bits would not do', async () => {
  const plain = await shrinkFor(initial, 'u8s8', options);
  assert.ok((await accuracyOf(plain)) < 0.9);
});

async function accuracyOf(small: Awaited<ReturnType<typeof shrinkFor>>): Promise<number> {
  const { inputs, labels } = bars(400, 2, faint);
  await using session = await runtime.load(writeModel(small), { optimise: 'none' });
  const { logits } = await session.run({ [modelNames.input]: inputs });
  const scores = logits?.data as Float32Array;
  const right = labels.filter((label, at) => {
    const top = (scores[2 * at + 1] ?? 0) > (scores[2 * at] ?? 0) ? 1 : 0;
    return top === label;
  });
  return right.length / labels.length;
}
