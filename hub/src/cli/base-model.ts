import path from 'node:path';
import { readModel } from '@edgewise/models/onnx';
import { completeTuneRecipe, readTuneRecipe } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { Client } from '../client/client.ts';
import { type Io, sizeOf } from './io.ts';
import { readModelFile } from './model-file.ts';
import { naming, namingAll } from './named-file.ts';

/** A recipe as it was read from a file. */
export interface RecipeFile {
  readonly recipe: unknown;
  /** Its name on the command line. */
  readonly file: string;
}

/**
 * The recipe with the digest of the model that it trains further: the file or version `from`,
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
  const named = (model: string) => ({ ...recipe, base: { ...base, model } });
  const digest =
    (await digestOfVersion(client, source)) ?? (await imported(client, io, named(source)));
  return named(digest);
}

/** Brings the file that a recipe names to the hub, where the two fit. */
async function imported(
  client: Client,
  io: Io,
  document: { readonly base: { readonly model: string } },
): Promise<string> {
  const file = document.base.model;
  const { graph } = await readModelFile(io, file);
  const recipe = readTuneRecipe(document);
  // The hub checks the same, but it would have kept the model by then.
  naming(file, () => completeTuneRecipe(recipe, readModel(graph)));
  const kept = await namingAll(file, () => client.call('importBase', { body: graph }));
  io.note(`${file} is at the hub, ${sizeOf(kept.sizeBytes)}: ${kept.digest}`);
  return kept.digest;
}

/** The float graph of a version that is written as `digits@3`. */
async function digestOfVersion(client: Client, source: string): Promise<string | undefined> {
  const [, model, version] = /^([a-z0-9-]{1,63})@(\d+)$/.exec(source) ?? [];
  if (model === undefined || version === undefined) return undefined;
  const { fp32 } = await client.call('getVersion', { params: { model, version } });
  return fp32.digest;
}

/** A digest names a model that the hub has already. */
function besideRecipe(file: string, model: unknown): string | undefined {
  if (typeof model !== 'string' || /^[0-9a-f]{64}$/.test(model)) return undefined;
  return path.join(path.dirname(file), model);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
