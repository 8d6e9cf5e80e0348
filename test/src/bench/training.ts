import { createRandom } from '@edgewise/models/random';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { tensor } from '@edgewise/models/tensor';
import { train } from '@edgewise/models/train';
import type { RunBench } from './bench.ts';
import { digitsRecipe } from './digits-recipe.ts';
import { printed, timesReference } from './result.ts';
import { trainWithTfjs } from './tfjs-trainer.ts';

const batches = 120;
const wantedRatio = 50;

/** Trains the digits network on noise with both trainers, one after the other. */
export const benchTraining: RunBench = async ({ seed, say }) => {
  const recipe = { ...(await digitsRecipe()), epochs: 1 };
  const { batchSize } = recipe;
  const data = noiseImages(batches * batchSize, seed);
  const rate = async (threads: number) =>
    (await train({ recipe, data, runtime: createOnnxRuntime(), seed, threads })).imagesPerSecond;
  const one = await rate(1);
  const two = await rate(2);
  say.fact(`${Math.round(one)} images/s on one thread; now tfjs, which takes a while`);
  const tfjs = await trainWithTfjs(batchSize, seed);
  return [
    timesReference('images per second, one thread, beside tfjs in plain JavaScript', {
      value: one,
      unit: 'images/s',
      bound: wantedRatio,
      reference: tfjs,
    }),
    printed('images per second, two threads', two, 'images/s'),
  ];
};

function noiseImages(count: number, seed: number) {
  const noise = createRandom(seed, 1);
  const pixels = Uint8Array.from({ length: count * 784 }, () => 255 * noise.next());
  const labels = Int32Array.from({ length: count }, () => 10 * noise.next());
  return { inputs: tensor('uint8', [count, 28, 28, 1], pixels), labels };
}
