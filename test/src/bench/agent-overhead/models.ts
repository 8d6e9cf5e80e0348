import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pumpRecipe } from '../../e2e/pumps.ts';
import type { TimedModel, TimedRecipe } from './served-model.ts';

/** Models from some microseconds to some milliseconds a run; nothing but the time of a run matters. */
export async function timedModels(): Promise<readonly TimedModel[]> {
  const [digits, mobilenet] = [await recipeOf('digits'), await recipeOf('mobilenet')];
  const images = (size: number): TimedModel => ({
    name: `mobilenet-${size}`,
    recipe: { ...mobilenet, input: { ...mobilenet.input, shape: [size, size, 3] } },
  });
  const vectors = pumpRecipe({ epochs: 1, width: 64 }) as TimedRecipe;
  return [
    { name: 'vectors', recipe: vectors },
    { name: 'digits', recipe: digits },
    ...[96, 160, 224, 320].map(images),
  ];
}

async function recipeOf(name: string): Promise<TimedRecipe> {
  const file = path.join(import.meta.dirname, `../../../../models/recipes/${name}.json`);
  const recipe = JSON.parse(await readFile(file, 'utf8')) as TimedRecipe;
  return { ...recipe, ...{ name, epochs: 1, batchSize: 8 } };
}
