import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pumpRecipe } from '../../e2e/pumps.ts';
import type { TimedModel, TimedRecipe } from './served-model.ts';

/** Models from some microseconds to some milliseconds a run; nothing but the time of a run matters. */
export async function timedModels(): Promise<readonly TimedModel[]> {
  const [digits, mobilenet] = [await recipeOf('digits'), await recipeOf('mobilenet')];
  const images = (size: number, width: number): TimedModel => ({
    name: `mobilenet-${size}-width-${width}`,
    recipe: {
      ...mobilenet,
      input: { ...mobilenet.input, shape: [size, size, 3] },
      layers: mobilenet.layers.map((layer) => widened(layer, width)),
    },
  });
  const vectors = { ...(pumpRecipe({ epochs: 1, width: 64 }) as TimedRecipe), ...brief };
  return [
    { name: 'vectors', recipe: vectors },
    { name: 'digits', recipe: digits },
    images(96, 1),
    images(96, 4),
    images(160, 4),
    images(224, 4),
  ];
}

const brief = { epochs: 1, batchSize: 8 } as const;

async function recipeOf(name: string): Promise<TimedRecipe> {
  const file = path.join(import.meta.dirname, `../../../../models/recipes/${name}.json`);
  const recipe = JSON.parse(await readFile(file, 'utf8')) as TimedRecipe;
  return { ...recipe, ...{ name, ...brief } };
}

type Layer = TimedRecipe['layers'][number];

const widened = (layer: Layer, width: number): Layer =>
  layer.filters === undefined ? layer : { ...layer, filters: width * layer.filters };
