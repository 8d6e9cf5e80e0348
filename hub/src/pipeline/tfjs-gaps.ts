import type { Layer, LayerName, ModelRecipe, Recipe } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';

type Gap = (layer: Layer) => string | undefined;

const none: Gap = () => undefined;

/** Layers that tfjs trains, with what it cannot do of each; a kind that is not here it cannot do. */
const known: Readonly<Partial<Record<LayerName, Gap>>> = {
  conv(layer) {
    if (layer.kind !== 'conv') return undefined;
    if ((layer.groups ?? 1) !== 1) return 'has groups';
    return (layer.dilation ?? 1) === 1
      ? undefined
      : 'has a dilation, for which tfjs has no gradient';
  },
  ...{ depthwise: none, dense: none, relu: none, relu6: none, maxpool: none, avgpool: none },
  ...{ globalavgpool: none, batchnorm: none, flatten: none, dropout: none },
};

/** Refuses a recipe that its own trainer cannot follow: throws `unsupported` and names the layer. */
export function assertTrains(recipe: ModelRecipe): void {
  if ('trainer' in recipe && recipe.trainer === 'tfjs') assertTfjsTrains(recipe);
}

/** Refuses a recipe that tfjs cannot train: throws `unsupported` and names the layer. */
export function assertTfjsTrains(recipe: Recipe): void {
  if (recipe.input.shape.length === 2) {
    throw refusal('the input is a series of vectors', 'The recipe cannot be trained by tfjs');
  }
  for (const [index, layer] of recipe.layers.entries()) {
    const gap = known[layer.kind];
    const reason = gap === undefined ? 'is of a kind that is not carried over' : gap(layer);
    if (reason === undefined) continue;
    throw refusal(`it ${reason}`, `Layer ${index} (${layer.kind}) cannot be trained by tfjs`);
  }
}

function refusal(why: string, what: string): FleetError {
  return new FleetError('unsupported', `${what}: ${why}. Use the trainer "onnx" for this recipe.`);
}
