import { FleetError } from '@edgewise/protocol';
import type { ModelInfo } from '@edgewise/protocol/http';
import type { Client } from '../client/client.ts';

/** A model that the hub knows. Throws `not-found` and says how to see them, or what makes one. */
export async function registeredModel(client: Client, model: string): Promise<ModelInfo> {
  const known = (await client.call('listModels')).find(({ id }) => id === model);
  if (known !== undefined) return known;
  throw new FleetError(
    'not-found',
    `There is no model "${model}"; "edgewise models" lists them, and "edgewise train ${model} --dataset NAME --recipe FILE" makes one.`,
  );
}

/** The recipe that a model is made from, as the hub keeps it. */
export async function keptRecipe(client: Client, { recipe: digest }: ModelInfo): Promise<unknown> {
  const bytes = await client.call('getBlob', { params: { digest } });
  return JSON.parse(new TextDecoder().decode(bytes));
}
