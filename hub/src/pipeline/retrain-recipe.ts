import type { ModelRecipe } from '@edgewise/models/train';

/** Epochs over replay and field samples: from the champion's weights a few are enough. */
const epochs = 3;

/** How images are varied a little, so that a few hundred new samples teach more than themselves. */
const imageAugmentation = {
  shiftPixels: 1,
  rotateDegrees: 10,
  contrast: { low: 0.8, high: 1.2 },
};

/**
 * The recipe of a retraining that starts from the champion's weights: a few epochs at half the rate,
 * and images varied where the recipe does not say how. Pure.
 */
export function retrainRecipe<R extends ModelRecipe>(recipe: R): R {
  const { augmentation } = recipe;
  const isImages = recipe.input.shape.length === 3;
  return {
    ...recipe,
    epochs,
    optimizer: { ...recipe.optimizer, rate: recipe.optimizer.rate / 2 },
    schedule: { kind: 'cosine', warmupSteps: 20 },
    ...(augmentation === undefined && isImages && { augmentation: imageAugmentation }),
  };
}
