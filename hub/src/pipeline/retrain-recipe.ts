import type { Recipe } from '@edgewise/models/train';

/** Epochs over replay and field samples: from the champion's weights a few are enough. */
const epochs = 3;

/**
 * The recipe of a retraining that starts from the champion's weights: a few epochs at half the rate,
 * and images varied a little, so that a few hundred new samples teach more than themselves. Pure.
 */
export function retrainRecipe(recipe: Recipe): Recipe {
  const { schedule: _, ...rest } = recipe;
  return {
    ...rest,
    epochs,
    optimizer: { ...recipe.optimizer, rate: recipe.optimizer.rate / 2 },
    schedule: { kind: 'cosine', warmupSteps: 20 },
    augmentation: recipe.augmentation ?? {
      shiftPixels: 1,
      rotateDegrees: 10,
      contrast: { low: 0.8, high: 1.2 },
    },
  };
}
