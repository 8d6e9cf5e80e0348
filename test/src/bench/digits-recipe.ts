import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Recipe, readRecipe } from '@edgewise/models/train';

/** The CNN of the demonstration: conv 16, pool, conv 32, pool, dense 64, dense 10. */
export async function digitsRecipe(): Promise<Recipe> {
  const file = path.join(import.meta.dirname, '../../../models/recipes/digits.json');
  return readRecipe(JSON.parse(await readFile(file, 'utf8')));
}
