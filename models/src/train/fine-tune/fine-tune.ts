import type { Model } from '../../onnx/graph.ts';
import { inferShapes } from '../../onnx/shapes/infer.ts';
import { createRandom } from '../../random/random.ts';
import { prepare } from '../../shrink/prepare.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { modelNames, type Weights } from '../network.ts';
import { purposes } from '../purposes.ts';
import { assertConsistent } from '../read-recipe.ts';
import { weightsNamed } from '../state.ts';
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
  const { classes, freeze = [] } = recipe.base;
  const body = bodyOf(prepare(base), recipe.input);
  assertConsistent(recipe, { classes, shape: body.input.shape });
  const moving = trainableWeights(body.graph, freeze);
  const fresh = startWeights(body, { moving, classes, seed });
  const weights = initial === undefined ? fresh : weightsLike(initial, fresh);
  const trainee = {
    settings: { ...recipe, input: body.input },
    ...{ classes, weights },
    step: ({ classWeights }: { readonly classWeights: readonly number[] | undefined }) =>
      buildTrainingStep({
        model: trainingForm(body, { weights, classes, batch: recipe.batchSize }),
        output: modelNames.logits,
        trained: [...weights.keys()],
        ...{ loss: recipe.loss, optimizer: recipe.optimizer, classWeights },
      }),
    finish: (trained: Weights) =>
      buildTuned(body, { weights: trained, classes, form: { mode: 'inference', batch: 'N' } }),
  };
  return await runTraining(trainee, options);
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

/** The weights that training moves, as a model of the same recipe has them. */
const weightsLike = (model: Model, fresh: Weights): Weights =>
  weightsNamed(
    model,
    [...fresh].map(([name, { dims }]) => ({ name, dims })),
  );

function trainingForm(
  body: Body,
  {
    weights,
    classes,
    batch,
  }: { readonly weights: Weights; readonly classes: number; readonly batch: number },
): Model {
  return inferShapes(buildTuned(body, { weights, classes, form: { mode: 'training', batch } }));
}
