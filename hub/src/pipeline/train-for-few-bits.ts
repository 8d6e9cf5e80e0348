import type { Model } from '@edgewise/models/onnx';
import type { Runtime } from '@edgewise/models/runtime';
import {
  buildNetwork,
  type Checkpoint,
  isTuneRecipe,
  type ModelRecipe,
  type QuantizedTraining,
  type Recipe,
  trainQuantized,
} from '@edgewise/models/train';
import { followed, type TrainingContext } from './train-recipe.ts';

/** A recipe that trains on for few bits. */
export type FewBitsRecipe = Recipe & Required<Pick<Recipe, 'quantization'>>;

/** Whether a float training is followed by one for few bits. */
export function isForFewBits(recipe: ModelRecipe): recipe is FewBitsRecipe {
  return !isTuneRecipe(recipe) && recipe.quantization !== undefined;
}

/** The float model that a checkpoint's training for few bits started from; `undefined` in a float training. */
export function floatModelIn(
  checkpoint: Checkpoint | undefined,
  recipe: FewBitsRecipe,
): Model | undefined {
  if (checkpoint?.float === undefined) return undefined;
  const weights = new Map(Object.entries(checkpoint.float));
  return buildNetwork(recipe, weights, { mode: 'inference', batch: 'N' });
}

/**
 * Trains on for few bits, in the runtime that also serves, whatever trained before; a killed training
 * goes on from its last checkpoint to the same bytes.
 */
export async function trainForFewBits(
  context: TrainingContext & { readonly runtime: Runtime },
  start: {
    readonly recipe: FewBitsRecipe;
    readonly initial: Model;
    readonly resume: Checkpoint | undefined;
  },
): Promise<QuantizedTraining> {
  const { recipe, initial, resume } = start;
  const { quantization } = recipe;
  const epochs = { before: recipe.epochs, own: quantization.epochs, after: 0 };
  const request = await followed(context, resume, epochs);
  return trainQuantized({
    ...{ ...request, recipe, initial, quantization, runtime: context.runtime },
  });
}
