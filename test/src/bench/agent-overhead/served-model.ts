import type { Client } from '@edgewise/hub/client';
import { encodeNpz } from '@edgewise/models/data';
import { createRandom } from '@edgewise/models/random';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import type { ModelVersion } from '@edgewise/protocol/http';
import { finishedRun } from '../../e2e/pumps.ts';

/** A model that is only timed: it is trained a little on noise. */
export interface TimedModel {
  readonly name: string;
  readonly recipe: TimedRecipe;
}

/** As much of a recipe as its data depend on. */
export interface TimedRecipe {
  readonly input: { readonly shape: readonly number[]; readonly dtype: 'uint8' | 'float32' };
  /** The last one has a unit for each class. */
  readonly layers: readonly { readonly units?: number; readonly filters?: number }[];
}

const counts = { train: 16, validation: 8, test: 8 } as const;

/** Lets a hub train a model, shrink it and pack it for the devices it knows. */
export async function makeVersion(
  client: Client,
  { name, recipe }: TimedModel,
  seed: number,
): Promise<ModelVersion> {
  const classes = recipe.layers.at(-1)?.units ?? 1;
  const names = Array.from({ length: classes }, (_, index) => `class-${index}`);
  for (const part of ['train', 'validation', 'test'] as const) {
    const arrays = new Map<string, Tensor>([
      ['x', noise(recipe, counts[part], seed)],
      ['y', labels(counts[part], classes)],
    ]);
    await client.call('importSamples', {
      params: { dataset: name },
      query: { part, classes: names.join(',') },
      body: encodeNpz(arrays),
    });
  }
  await client.call('putModel', {
    params: { model: name },
    // Published predictions are part of the pipeline; of noise nobody can tell the classes apart.
    body: { dataset: name, recipe, policies: { predictions: 'qos0', toleratedLoss: 1 } },
  });
  const { id } = await client.call('startRun', { body: { model: name, seed } });
  return await finishedRun(client, id);
}

/** Inputs of a recipe, first axis samples. */
export function noise(
  { input: { shape, dtype } }: TimedRecipe,
  count: number,
  seed: number,
): Tensor {
  const { next } = createRandom(seed, count);
  const dims = [count, ...shape];
  const length = dims.reduce((product, size) => product * size, 1);
  return dtype === 'uint8'
    ? tensor(
        'uint8',
        dims,
        Uint8Array.from({ length }, () => 256 * next()),
      )
    : tensor('float32', dims, Float32Array.from({ length }, next));
}

const labels = (count: number, classes: number): Tensor =>
  tensor(
    'uint8',
    [count],
    Uint8Array.from({ length: count }, (_, at) => at % classes),
  );
