import { Id } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import { assertConsistent, checkRecipe } from '../read-recipe.ts';
import { type Recipe, RecipeInput, RecipeQuantization, trainingSettings } from '../recipe.ts';

/** Schema of a recipe that trains a network someone else has made. */
export const TuneRecipeSchema = Type.Object(
  {
    name: Id,
    task: Type.Literal('classification'),
    base: Type.Object(
      {
        /** Where the model is: a digest or a file, for the one who loads it. */
        model: Type.String({ minLength: 1, maxLength: 4096 }),
        /** Classes of the head that replaces the model's last linear layer. */
        classes: Type.Integer({ minimum: 2, maximum: 65_536 }),
        /**
         * Weights that stay as they are, by their own names or those of the nodes that read them; `*`
         * stands for any characters. `["*"]` trains only the head; default: nothing is frozen.
         */
        freeze: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 1000 })),
      },
      { additionalProperties: false },
    ),
    /** What one sample is and how it is scaled; default: what the model takes, as it is. */
    input: Type.Optional(RecipeInput),
    ...trainingSettings,
    /** Trains on for few bits when the float training has ended; default not. */
    quantization: Type.Optional(RecipeQuantization),
  },
  { additionalProperties: false },
);

/** How an imported model is trained further; made by `readTuneRecipe`. */
export interface TuneRecipe
  extends Omit<Static<typeof TuneRecipeSchema>, 'optimizer' | 'schedule'>,
    Pick<Recipe, 'optimizer' | 'schedule'> {}

/** Checks a parsed JSON document as `readRecipe` does; throws `invalid-argument` with the place and the fault. */
export function readTuneRecipe(document: unknown): TuneRecipe {
  checkRecipe(TuneRecipeSchema, document);
  const recipe = document as TuneRecipe;
  assertConsistent(recipe, { classes: recipe.base.classes, shape: recipe.input?.shape });
  return recipe;
}
