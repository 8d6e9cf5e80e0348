import { readModel } from '@edgewise/models/onnx';
import { networkFor } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { ModelInfo, ModelVersion } from '@edgewise/protocol/http';
import { storedRecipe } from '../registry/base-models.ts';
import type { BlobStore } from '../store/blobs.ts';
import { retrainRecipe } from './retrain-recipe.ts';
import { baseOf } from './train-recipe.ts';

/**
 * The recipe that a retraining of a version follows, as a blob of its own: made from the model's recipe,
 * or, where that has come to describe another network since, as after a sweep over layers, from the version's.
 */
export async function recipeToRetrain(
  { recipe }: Pick<ModelInfo, 'recipe'>,
  version: Pick<ModelVersion, 'recipe' | 'fp32'>,
  blobs: BlobStore,
): Promise<string> {
  const isOther = (await blobs.has(version.recipe)) && !(await fits(recipe, version, blobs));
  const plan = await storedRecipe(isOther ? version.recipe : recipe, blobs);
  return blobs.put(new TextEncoder().encode(JSON.stringify(retrainRecipe(plan))));
}

/** Whether the network of a recipe takes the weights of a version; of one that was imported without them nobody knows. */
async function fits(
  recipe: string,
  { fp32 }: Pick<ModelVersion, 'fp32'>,
  blobs: BlobStore,
): Promise<boolean> {
  if (!(await blobs.has(fp32.digest))) return true;
  const plan = await storedRecipe(recipe, blobs);
  const [model, base] = [await blobs.get(fp32.digest), await baseOf(plan, blobs)];
  try {
    networkFor(plan, base).weightsOf(readModel(model));
    return true;
  } catch (thrown) {
    if (FleetError.from(thrown).code === 'invalid-argument') return false;
    throw thrown;
  }
}
