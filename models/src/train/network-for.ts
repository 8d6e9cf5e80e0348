import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import { tunedNetworkOf } from './fine-tune/fine-tune.ts';
import type { TuneRecipe } from './fine-tune/tune-recipe.ts';
import type { Recipe } from './recipe.ts';
import { networkOf } from './train.ts';
import type { TrainableNetwork } from './trainable-network.ts';

/**
 * The network of a recipe of either kind; one for an imported model needs that model. Throws what
 * `fineTune` throws for the two, and `invalid-argument` where the model is missing.
 */
export function networkFor(recipe: Recipe | TuneRecipe, base?: Model): TrainableNetwork {
  if (!('base' in recipe)) return networkOf(recipe);
  if (base !== undefined) return tunedNetworkOf(recipe, base);
  throw new FleetError(
    'invalid-argument',
    'The recipe trains an imported model, but none is given.',
  );
}
