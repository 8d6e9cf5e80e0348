import type { ModelInput } from '@edgewise/models/bundle';
import { type ModelRecipe, modelNames } from '@edgewise/models/train';

/** The input of a model that follows a recipe, as its manifest declares it. */
export function inputOf({ input }: ModelRecipe): ModelInput {
  return {
    name: modelNames.input,
    dtype: input.dtype,
    dims: input.shape,
    source: input.shape.length === 3 ? 'image' : 'vector',
  };
}
