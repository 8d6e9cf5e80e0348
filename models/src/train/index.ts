export { Augmentation } from './augmentation.ts';
export type { LabelledData } from './batches.ts';
export {
  type Checkpoint,
  decodeCheckpoint,
  type EpochMetrics,
  encodeCheckpoint,
} from './checkpoint.ts';
export { createTape, type ForwardFacts, type Tape } from './differentiate.ts';
export { type Evaluation, evaluate } from './evaluate.ts';
export { type BaseFacts, describeBase } from './fine-tune/describe-base.ts';
export { type FineTuneOptions, fineTune } from './fine-tune/fine-tune.ts';
export {
  type CompleteTuneRecipe,
  classesIn,
  completeTuneRecipe,
  isTuneRecipe,
  type ModelRecipe,
  namesBase,
  readModelRecipe,
} from './fine-tune/model-recipe.ts';
export { readTuneRecipe, type TuneRecipe, TuneRecipeSchema } from './fine-tune/tune-recipe.ts';
export { gradients } from './gradients/gradients.ts';
export { type Layer, type LayerName, layers } from './layers/layers.ts';
export { type LossName, lossNames } from './losses.ts';
export { createMask } from './mask.ts';
export {
  buildNetwork,
  classCount,
  initialWeights,
  layerSizes,
  modelNames,
  type NetworkForm,
  networkParameters,
  type Weights,
} from './network.ts';
export { networkFor } from './network-for.ts';
export { type Optimizer, optimizerKinds } from './optimizers.ts';
export {
  type QuantizationSettings,
  type QuantizedTraining,
  type TrainQuantizedOptions,
  trainQuantized,
} from './qat/train-quantized.ts';
export { readRecipe } from './read-recipe.ts';
export {
  type Recipe,
  RecipeInput,
  RecipeSchema,
  type TrainerName,
  trainerNames,
} from './recipe.ts';
export { learningRate, type Schedule, scheduleKinds } from './schedule.ts';
export { bestEpoch, type Judgement } from './selection.ts';
export type { TrainingState } from './state.ts';
export { stepNames } from './step-names.ts';
export type { StepCall, Stepper, StepResult } from './stepper.ts';
export { type TrainOptions, train } from './train.ts';
export type { StepForm, TrainableNetwork } from './trainable-network.ts';
export type { RunOptions, StepperStart, TrainEvent, TrainResult } from './training-run.ts';
export {
  buildTrainingStep,
  type TrainingPlan,
  type TrainingStep,
} from './training-step.ts';
