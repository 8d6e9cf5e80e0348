import type { Model } from '../onnx/graph.ts';
import { nextOf } from './layers/layer.ts';
import {
  buildNetwork,
  classCount,
  initialWeights,
  modelNames,
  networkParameters,
} from './network.ts';
import type { Recipe } from './recipe.ts';
import { weightsOf } from './state.ts';
import type { StepForm, TrainableNetwork } from './trainable-network.ts';
import { type RunOptions, runTraining, type TrainResult } from './training-run.ts';
import { buildTrainingStep, type TrainingStep } from './training-step.ts';

/** What is trained on what, and how it is followed and resumed. */
export interface TrainOptions extends RunOptions {
  readonly recipe: Recipe;
  /** A model of the same recipe whose weights training starts from; default: fresh ones. */
  readonly initial?: Model;
}

/**
 * Trains the network of a recipe. Recipe, data, seed and thread count decide the weights byte for
 * byte on one build of the runtime. Throws `invalid-argument` for data or weights that do not
 * belong to the recipe or a training that diverges, and `insufficient-data` when there is not one
 * whole batch.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { recipe, initial, seed = recipe.seed } = options;
  const network = networkOf(recipe);
  const weights = initial === undefined ? initialWeights(recipe, seed) : network.weightsOf(initial);
  return await runTraining({ ...network, weights }, options);
}

/** The network that a recipe describes. */
export function networkOf(recipe: Recipe): TrainableNetwork {
  return {
    settings: recipe,
    classes: classCount(recipe),
    weightsOf: (model) => weightsOf(model, recipe),
    step: (given) => trainingStepOf(recipe, given),
    finish: (weights) => buildNetwork(recipe, weights, { mode: 'inference', batch: 'N' }),
  };
}

/** The training graph of a recipe. */
export function trainingStepOf(recipe: Recipe, options: StepForm = {}): TrainingStep {
  const { classWeights, rewrite = (model) => model } = options;
  const parameters = networkParameters(recipe);
  const names = (role: 'trained' | 'statistic') =>
    parameters.filter((parameter) => parameter.role === role).map(({ name }) => name);
  const form = { mode: 'training', batch: recipe.batchSize } as const;
  return buildTrainingStep({
    model: rewrite(buildNetwork(recipe, initialWeights(recipe, 0), form)),
    output: modelNames.logits,
    trained: names('trained'),
    statistics: new Map(names('statistic').map((name) => [name, nextOf(name)])),
    loss: recipe.loss,
    optimizer: recipe.optimizer,
    classWeights,
  });
}
