import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readModel } from '../../onnx/read.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { quantize } from '../../shrink/quantize/quantize.ts';
import { tensor } from '../../tensor/tensor.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { evaluate } from '../evaluate.ts';
import { fineTune } from '../fine-tune/fine-tune.ts';
import { completeTuneRecipe } from '../fine-tune/model-recipe.ts';
import { readTuneRecipe } from '../fine-tune/tune-recipe.ts';
import { networkFor } from '../network-for.ts';
import { trainQuantized } from './train-quantized.ts';

const runtime = createOnnxRuntime();
/** What PyTorch exported: four classes of float images [1, 12, 12]. */
const base = readModel(
  readFileSync(new URL('../../../fixtures/onnx/torch-cnn-17.onnx', import.meta.url)),
);

const document = {
  ...{ name: 'lines', task: 'classification', loss: 'softmax-cross-entropy' },
  base: { model: 'net.onnx', classes: 3, freeze: ['onnx::Conv_25'] },
  input: { shape: [12, 12, 1], dtype: 'uint8', scale: 1 / 127.5, offset: -1 },
  ...{ optimizer: { kind: 'adam', rate: 0.01 }, schedule: { kind: 'cosine' } },
  ...{ epochs: 3, batchSize: 20, seed: 2, quantization: { weightBits: 3, epochs: 2 } },
};

/** Lines across, down and along the diagonal, in noise. */
function lines(count: number, seed: number) {
  const random = createRandom(seed);
  const labels = Int32Array.from({ length: count }, () => random.below(3));
  const data = Uint8Array.from({ length: count * 144 }, (_, at) => {
    const [row, column] = [Math.floor((at % 144) / 12), at % 12];
    const label = labels[Math.floor(at / 144)];
    const along = label === 0 ? row : label === 1 ? column : row + column;
    return (along % 4 < 2 ? 120 : 40) + random.below(130);
  });
  return { inputs: tensor('uint8', [count, 12, 12, 1], data), labels };
}

const recipe = completeTuneRecipe(
  readTuneRecipe({ ...document, base: { ...document.base, freeze: [] } }),
  base,
);
const data = lines(600, 1);
const { model: initial } = await fineTune({ recipe, base, data, runtime });

test('an imported model is trained for two bits, and keeps its skill where plain rounding loses it', async () => {
  const quantization = { weightBits: 2, epochs: 4, rate: 0.01 } as const;
  const options = { recipe, base, data, runtime, initial };
  const trained = await trainQuantized({ ...options, quantization });
  const still = await trainQuantized({
    ...options,
    quantization: { ...quantization, epochs: 1, rate: 1e-12 },
  });
  const grid = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const plain = quantize(still.prepared, still.ranges, { ...grid, weightBits: 2 }).model;
  const validation = lines(400, 2);
  const accuracyOf = async (model: typeof plain) =>
    (await evaluate(model, validation, { runtime })).accuracy;
  const [float, lost, kept] = [
    await accuracyOf(initial),
    await accuracyOf(plain),
    await accuracyOf(trained.quantized),
  ];
  assert.ok(float > 0.97 && kept > 0.97 && lost < kept - 0.02, `${float} ${lost} ${kept}`);
});

test('a frozen weight of it stays what it was', async () => {
  const frozen = completeTuneRecipe(readTuneRecipe(document), base);
  const network = networkFor(frozen, base);
  const start = network.finish(network.weightsOf(initial));
  const quantization = { weightBits: 4, epochs: 1 } as const;
  const { model } = await trainQuantized({
    ...{ recipe: frozen, base, data, runtime, initial: start, quantization },
  });
  const weights = ({ graph }: typeof model) => graph.initializers;
  const moved = [...weights(start)].filter(
    ([name, { data: before }]) => String(weights(model).get(name)?.data) !== String(before),
  );
  const names = moved.map(([name]) => name);
  assert.ok(
    names.includes('head.weight') && names.every((name) => name !== 'onnx::Conv_25'),
    String(names),
  );
});

test('a training of it for few bits that was interrupted goes on to the same bytes', async () => {
  const saved: Uint8Array[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(encodeCheckpoint(checkpoint));
    return Promise.resolve();
  };
  const quantization = { weightBits: 4, epochs: 1 } as const;
  const options = { recipe, base, data, runtime, initial, quantization };
  const whole = await trainQuantized({ ...options, checkpoint: { everySteps: 9, save } });
  const resume = decodeCheckpoint(saved[0] ?? new Uint8Array());
  const float = networkFor(recipe, base).finish(new Map(Object.entries(resume.float ?? {})));
  assert.deepEqual(writeModel(float), writeModel(initial));
  const resumed = await trainQuantized({ ...options, resume, initial: float });
  assert.deepEqual(writeModel(resumed.quantized), writeModel(whole.quantized));
});
