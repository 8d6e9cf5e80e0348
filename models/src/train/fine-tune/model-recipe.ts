import { FleetError } from '@edgewise/protocol';
import type { Model } from '../../onnx/graph.ts';
import { classCount } from '../network.ts';
import { readRecipe } from '../read-recipe.ts';
import type { Recipe } from '../recipe.ts';
import type { TrainableNetwork } from '../trainable-network.ts';
import { tunedNetworkOf } from './fine-tune.ts';
import { readTuneRecipe, type TuneRecipe } from './tune-recipe.ts';

/** A recipe for an imported model that says what one sample is. */
export interface CompleteTuneRecipe extends TuneRecipe {
  readonly input: Recipe['input'];
}

/** What a model is made by: layers of a recipe's own, or those of an imported model. */
export type ModelRecipe = Recipe | CompleteTuneRecipe;

/** Whether a recipe trains an imported model further. */
export const isTuneRecipe = (recipe: ModelRecipe): recipe is CompleteTuneRecipe => 'base' in recipe;

/** Whether a parsed JSON document means to be a recipe for an imported model. */
export const namesBase = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'base' in document;

/**
 * Checks a parsed JSON document as a recipe of either kind; one with a `base` is for an imported
 * model. Throws `invalid-argument` with the place and the fault.
 */
export function readModelRecipe(document: unknown): ModelRecipe {
  if (!namesBase(document)) return readRecipe(document);
  const recipe = readTuneRecipe(document);
  if (recipe.input !== undefined) return { ...recipe, input: recipe.input };
  throw new FleetError('invalid-argument', 'The recipe: it lacks input.');
}

/** How many classes a checked recipe of either kind tells apart. */
export const classesIn = (recipe: ModelRecipe): number =>
  isTuneRecipe(recipe) ? recipe.base.classes : classCount(recipe);

/**
 * A recipe with the input of the imported model where it says none, checked against that model.
 * Throws what `fineTune` throws for a model without head, another input or a pattern that freezes
 * nothing, and `unsupported` for weights that cannot be trained.
 */
export function completeTuneRecipe(recipe: TuneRecipe, base: Model): CompleteTuneRecipe {
  const network = tunedNetworkOf(recipe, base);
  assertGradients(network);
  return { ...recipe, input: network.input };
}

/** Writes the graph of a step: only that tells whether every operator on the way has a gradient. */
function assertGradients(network: TrainableNetwork): void {
  try {
    network.step({});
  } catch (thrown) {
    const { code, reason } = FleetError.from(thrown);
    const advice =
      code === 'unsupported'
        ? ' Weights before it cannot be trained: freeze them by name in "base.freeze", or all of the model with ["*"].'
        : '';
    throw new FleetError(code, `${reason}${advice}`, { cause: thrown });
  }
}
