import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import type { LabelledData } from '../train/batches.ts';
import { modelNames } from '../train/network.ts';
import { trainQuantized } from '../train/qat/train-quantized.ts';
import { readRecipe } from '../train/read-recipe.ts';
import { train } from '../train/train.ts';
import { plannedClasses, planVariants, schemesOf } from './plan.ts';
import { shrinkFor } from './shrink-for.ts';

const runtime = createOnnxRuntime();
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
const data = bars(500, 1);
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
  const { inputs, labels } = bars(400, 2);
  await using session = await runtime.load(writeModel(small), { optimise: 'none' });
  const { logits } = await session.run({ [modelNames.input]: inputs });
  const scores = logits?.data as Float32Array;
  const right = labels.filter((label, at) => {
    const top = (scores[2 * at + 1] ?? 0) > (scores[2 * at] ?? 0) ? 1 : 0;
    return top === label;
  });
  return right.length / labels.length;
}

/** Noisy images of one bright row (class 0) or column (class 1). */
function bars(count: number, seed: number): LabelledData {
  const random = createRandom(seed);
  const pixels = new Uint8Array(count * 64);
  const labels = new Int32Array(count);
  for (let sample = 0; sample < count; sample++) {
    const line = random.below(8);
    labels[sample] = random.below(2);
    for (let at = 0; at < 64; at++) {
      const isOn = (labels[sample] === 0 ? at >> 3 : at & 7) === line;
      pixels[sample * 64 + at] = (isOn ? 120 : 0) + random.below(130);
    }
  }
  return { inputs: tensor('uint8', [count, 8, 8, 1], pixels), labels };
}
