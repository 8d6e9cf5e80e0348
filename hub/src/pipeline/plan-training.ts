import type { ModelRecipe } from '@edgewise/models/train';
import type { Dataset, ModelChange, ModelInfo } from '@edgewise/protocol/http';
import type { Datasets } from '../datasets/datasets.ts';
import { storedRecipe } from '../registry/base-models.ts';
import type { Registry } from '../registry/registry.ts';
import type { BlobStore } from '../store/blobs.ts';

/** What is to be trained: a model as it stands, or as it is to be registered. */
export interface TrainingRequest {
  readonly model: string;
  readonly register?: ModelChange | undefined;
}

/** A training that can be looked at before anything of it is stored. */
export interface PlannedTraining {
  readonly dataset: Dataset;
  readonly recipe: ModelRecipe;
  /** Registers the model where that was asked for. */
  register(): Promise<ModelInfo>;
}

/** Where models, data and recipes are. */
export interface TrainingSources {
  readonly registry: Pick<Registry, 'model' | 'recipeFor' | 'putModel'>;
  readonly datasets: Pick<Datasets, 'get'>;
  readonly blobs: BlobStore;
}

/** Looks a training up. Rejects with `not-found`, and with `invalid-argument` for a recipe that is no good. */
export async function planTraining(
  { model, register: change }: TrainingRequest,
  { registry, datasets, blobs }: TrainingSources,
): Promise<PlannedTraining> {
  if (change === undefined) {
    const info = await registry.model(model);
    const [dataset, recipe] = [datasets.get(info.dataset), storedRecipe(info.recipe, blobs)];
    return {
      dataset: await dataset,
      recipe: await recipe,
      register: () => Promise.resolve(info),
    };
  }
  const { policies, ...rest } = change;
  return {
    dataset: await datasets.get(change.dataset),
    recipe: await registry.recipeFor(change.dataset, change.recipe),
    register: () => registry.putModel(model, { ...rest, ...(policies && { policies }) }),
  };
}
