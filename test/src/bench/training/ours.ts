import { createRandom } from '@edgewise/models/random';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { tensor } from '@edgewise/models/tensor';
import { type Checkpoint, type TrainOptions, train } from '@edgewise/models/train';
import { median } from './median.ts';
import { recipeOf, workloads } from './networks.ts';
import type { Measurement, Side } from './side.ts';

/** Steps before the first that counts. */
const warmup = 2;

/** Our trainer, in this process; at the given batch sizes, or the best of the network's. */
export function createOurs(
  threads: 1 | 2,
  seed: number,
  options: Pick<Side, 'batchSizes'> = {},
): Side {
  return {
    name: 'ours',
    threads,
    ...options,
    async measure(work) {
      const times: number[] = [];
      await train({
        ...noiseTraining(work, seed),
        threads,
        onProgress: ({ type }) => {
          if (type === 'step-finished') times.push(performance.now());
        },
      });
      const stepsMs = times.slice(warmup).map((time, at) => time - (times[at + warmup - 1] ?? 0));
      return (1000 * work.batchSize) / median(stepsMs);
    },
  };
}

/** Sets of memory that held the first weight over some steps: two are reused, more were allocated. */
export async function countWeightBuffers(work: Measurement, seed: number): Promise<number> {
  const seen = new Set<unknown>();
  const save = ({ state }: Checkpoint): Promise<void> => {
    seen.add(Object.values(state)[0]?.data.buffer);
    return Promise.resolve();
  };
  await train({ ...noiseTraining(work, seed), checkpoint: { everySteps: 1, save } });
  return seen.size;
}

/** A training on random images with random labels, which no network learns soon. */
function noiseTraining({ network, batchSize, steps }: Measurement, seed: number): TrainOptions {
  const noise = createRandom(seed, 1);
  const count = (steps + warmup) * batchSize;
  const { dims } = workloads[network];
  const length = count * dims[0] * dims[1] * dims[2];
  const pixels = Float32Array.from({ length }, () => 2 * noise.next() - 1);
  const labels = Int32Array.from({ length: count }, () => noise.below(10));
  return {
    recipe: recipeOf(network, batchSize),
    data: { inputs: tensor('float32', [count, ...dims], pixels), labels },
    runtime: createOnnxRuntime(),
    seed,
  };
}
