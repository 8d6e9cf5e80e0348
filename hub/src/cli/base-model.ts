import path from 'node:path';
import { FleetError } from '@edgewise/protocol';
import type { Client } from '../client/client.ts';
import { type Io, sizeOf } from './io.ts';
import { readModelFile } from './model-file.ts';
import { namingAll } from './named-file.ts';

/** A recipe as it was read from a file. */
export interface RecipeFile {
  readonly recipe: unknown;
  /** Its name on the command line. */
  readonly file: string;
}

/**
 * The recipe with the digest of the model that it trains further, which is brought to the hub: `from`,
 * or the file that `base.model` names beside the recipe. A recipe with layers of its own stays as it is.
 * Throws `invalid-argument` for `from` with such a recipe.
 */
export async function withImportedBase(
  client: Client,
  io: Io,
  { recipe, file, from }: RecipeFile & { readonly from: string | undefined },
): Promise<unknown> {
  const base = isRecord(recipe) && isRecord(recipe.base) ? recipe.base : undefined;
  if (base === undefined && from === undefined) return recipe;
  if (base === undefined || !isRecord(recipe)) {
    throw new FleetError(
      'invalid-argument',
      `With --from the recipe has no layers but a "base", such as {"classes": 10, "freeze": ["conv1*"]}.`,
    );
  }
  const source = from ?? besideRecipe(file, base.model);
  if (source === undefined) return recipe;
  const { graph } = await readModelFile(io, source);
  const kept = await namingAll(source, () => client.call('importBase', { body: graph }));
  io.note(`${source} is at the hub, ${sizeOf(kept.sizeBytes)}: ${kept.digest}`);
  return { ...recipe, base: { ...base, model: kept.digest } };
}

/** A digest names a model that the hub has already. */
function besideRecipe(file: string, model: unknown): string | undefined {
  if (typeof model !== 'string' || /^[0-9a-f]{64}$/.test(model)) return undefined;
  return path.join(path.dirname(file), model);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
