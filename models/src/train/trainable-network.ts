import type { Model } from '../onnx/graph.ts';
import type { Weights } from './network.ts';
import type { TrainingSettings } from './recipe.ts';
import type { TrainingStep } from './training-step.ts';

/** How one step of a training differs from the network's own. */
export interface StepForm {
  /** Weight of each class in the loss; `undefined`: all count alike. */
  readonly classWeights?: readonly number[] | undefined;
  /** Changes the forward graph before gradients are written. */
  rewrite?(model: Model): Model;
}

/** A network whose weights can be moved, whoever has made it. */
export interface TrainableNetwork {
  readonly settings: TrainingSettings;
  readonly classes: number;
  /** Every weight and statistic that training moves, as a model holds them. Throws `invalid-argument` for a model of other sizes. */
  weightsOf(model: Model): Weights;
  /** The graph of one step. */
  step(form: StepForm): TrainingStep;
  /** The model for inference with the given weights. */
  finish(weights: Weights): Model;
}
