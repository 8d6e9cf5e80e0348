import type { Model } from '../../onnx/graph.ts';
import { createRandom } from '../../random/random.ts';
import { prepare } from '../../shrink/prepare.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { modelNames, type Weights } from '../network.ts';
import { purposes } from '../purposes.ts';
import { assertConsistent } from '../read-recipe.ts';
import type { Recipe } from '../recipe.ts';
import { weightsNamed } from '../state.ts';
import type { TrainableNetwork } from '../trainable-network.ts';
import { type RunOptions, runTraining, type TrainResult } from '../training-run.ts';
import { buildTrainingStep } from '../training-step.ts';
import { trainableWeights } from './freeze-weights.ts';
import type { TuneRecipe } from './tune-recipe.ts';
import { type Body, bodyOf, buildTuned, headNames } from './tuned-network.ts';

/** What is trained further on what. */
export interface FineTuneOptions extends RunOptions {
  readonly recipe: TuneRecipe;
  /** Any float classifier; the model that `recipe.base.model` stands for. */
  readonly base: Model;
  /** A result of the same recipe whose weights training starts from; default: those of `base` and a fresh head. */
  readonly initial?: Model;
}

/**
 * Trains an imported model further: its last linear layer makes way for a new head, what the recipe
 * freezes stays as it is, the rest moves. Batch normalisation runs with the statistics of the
 * imported model and is folded into its convolutions; the weights of recurrent operators stay. Throws what `train` throws, and `unsupported`
 * for a model without head or an operator without gradient rule above a weight that is trained; where
 * all weights below are frozen, an operator only has to run.
 */
export async function fineTune(options: FineTuneOptions): Promise<TrainResult> {
  const { recipe, base, initial, seed = recipe.seed } = options;
  const network = tunedNetworkOf(recipe, base);
  const weights = initial === undefined ? network.fresh(seed) : network.weightsOf(initial);
  return await runTraining({ ...network, weights }, options);
}

/** An imported model with a new head, as its recipe says. */
export interface TunedNetwork extends TrainableNetwork {
  /** What one sample is: as the recipe says, or else as the model takes it. */
  readonly input: Recipe['input'];
  /** Those of the imported model, and a head drawn from the seed. */
  fresh(seed: number): Weights;
}

/** The network that a recipe makes of an imported model. Throws what `fineTune` throws for either. */
export function tunedNetworkOf(recipe: TuneRecipe, base: Model): TunedNetwork {
  const { classes, freeze = [] } = recipe.base;
  const body = bodyOf(prepare(base), recipe.input);
  assertConsistent(recipe, { classes, shape: body.input.shape });
  const moving = trainableWeights(body.graph, freeze);
  const fresh = (seed: number) => startWeights(body, { moving, classes, seed });
  const start = fresh(recipe.seed);
  return {
    input: body.input,
    settings: { ...recipe, input: body.input },
    classes,
    fresh,
    weightsOf: (model) =>
      weightsNamed(
        model,
        [...start].map(([name, { dims }]) => ({ name, dims })),
      ),
    step({ classWeights, rewrite = (model) => model }) {
      const { batchSize: batch, loss, optimizer } = recipe;
      return buildTrainingStep({
        model: rewrite(
          buildTuned(body, { weights: start, classes, form: { mode: 'training', batch } }),
        ),
        output: modelNames.logits,
        trained: [...start.keys()],
        ...{ loss, optimizer, classWeights },
      });
    },
    finish: (weights) =>
      buildTuned(body, { weights, classes, form: { mode: 'inference', batch: 'N' } }),
  };
}

function startWeights(
  { graph, width }: Body,
  options: { readonly moving: readonly string[]; readonly classes: number; readonly seed: number },
): Weights {
  const { moving, classes, seed } = options;
  const random = createRandom(seed, purposes.weights, 0);
  const bound = Math.sqrt(3 / width);
  const head = Float32Array.from({ length: classes * width }, () => random.between(-bound, bound));
  return new Map<string, Tensor>([
    ...moving.map((name) => [name, graph.initializers.get(name) as Tensor] as const),
    [headNames.weight, tensor('float32', [classes, width], head)],
    [headNames.bias, tensor('float32', [classes], new Float32Array(classes))],
  ]);
}
