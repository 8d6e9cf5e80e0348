import { Id } from '@edgewise/protocol';
import Type, { type Static } from 'typebox';
import { Augmentation } from './augmentation.ts';
import { type Layer, layers } from './layers/layers.ts';
import { lossNames } from './losses.ts';
import { type Optimizer, optimizerKinds } from './optimizers.ts';
import { type Schedule, scheduleKinds } from './schedule.ts';

/** What one sample is, and how its numbers are scaled inside the graph. */
export const RecipeInput = Type.Object(
  {
    /**
     * Sizes of one sample: of an image `[height, width, channels]` or `[channels, height, width]`, of a
     * series `[steps, channels]` or `[channels, steps]`, of a vector `[features]`.
     */
    shape: Type.Array(Type.Integer({ minimum: 1, maximum: 65_536 }), { minItems: 1, maxItems: 3 }),
    /** Where the channels of images and series are: `hwc` (default), the last axis, or `chw`, the first. */
    layout: Type.Optional(Type.Enum(['hwc', 'chw'])),
    dtype: Type.Enum(['uint8', 'float32']),
    /** The network sees x * scale + offset. */
    scale: Type.Number(),
    /** Default 0. */
    offset: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
);

/** How a network is trained, whatever its layers are. */
export const trainingSettings = {
  loss: Type.Enum([...lossNames]),
  optimizer: Type.Union(Object.values(optimizerKinds)),
  schedule: Type.Union(Object.values(scheduleKinds)),
  epochs: Type.Integer({ minimum: 1, maximum: 10_000 }),
  /** Samples per step; a remainder that does not fill a batch waits for the next epoch's order. */
  batchSize: Type.Integer({ minimum: 1, maximum: 65_536 }),
  seed: Type.Integer({ minimum: 0, maximum: 4_294_967_295 }),
  augmentation: Type.Optional(Augmentation),
  /** Weight of each class in the loss, or `balanced`: the rarer, the heavier. Default: all 1. */
  classWeights: Type.Optional(
    Type.Union([
      Type.Literal('balanced'),
      Type.Array(Type.Number({ minimum: 0, maximum: 1e6 }), { maxItems: 65_536 }),
    ]),
  ),
  /** Share of the training data that is held out for validation where none is given; default none. */
  validationSplit: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 0.5 })),
  /** What epochs are judged by, on the validation data; default `loss`. */
  monitor: Type.Optional(Type.Enum(['loss', 'accuracy'])),
  /** Whose weights the result has: the last epoch's (default), or the best one's. */
  keep: Type.Optional(Type.Enum(['last', 'best'])),
  /** Ends the training when epochs stop getting better. */
  earlyStopping: Type.Optional(
    Type.Object(
      {
        /** Epochs without improvement after which to stop. */
        patience: Type.Integer({ minimum: 1, maximum: 10_000 }),
        /** By how much the monitored figure must improve to count; default 0. */
        minImprovement: Type.Optional(Type.Number({ minimum: 0 })),
      },
      { additionalProperties: false },
    ),
  ),
};

/**
 * Training for few bits after the float training: the forward pass rounds weights, and activations
 * to 8 bits, as the devices will. Variants are then built of these weights and ranges; the float model
 * stays what it was. Layers that are unrolled over time (`gru`, `lstm`) cannot be trained so.
 */
export const RecipeQuantization = Type.Object(
  {
    /** Bits of a weight; those of fewer than 8 lie in bytes all the same. */
    weightBits: Type.Enum([8, 4, 3, 2]),
    /** Epochs after the float training; a fifth of that is often enough. */
    epochs: Type.Integer({ minimum: 1, maximum: 10_000 }),
    /** Peak learning rate; default a third of the optimizer's. */
    rate: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  { additionalProperties: false },
);

/** What can train a recipe. */
export const trainerNames = ['onnx', 'tfjs'] as const;
export type TrainerName = (typeof trainerNames)[number];

/** Schema of a recipe: how a model is trained, as data. */
export const RecipeSchema = Type.Object(
  {
    name: Id,
    task: Type.Literal('classification'),
    /** Default `onnx`, training on ONNX graphs; `tfjs` trains the same network with TensorFlow.js. */
    trainer: Type.Optional(Type.Enum([...trainerNames])),
    input: RecipeInput,
    layers: Type.Array(Type.Union(Object.values(layers).map((kind) => kind.schema)), {
      minItems: 1,
      maxItems: 1000,
    }),
    ...trainingSettings,
    /** Trains on for few bits when the float training has ended; default not. */
    quantization: Type.Optional(RecipeQuantization),
  },
  { additionalProperties: false },
);

/** A recipe whose layers fit each other; made by `readRecipe`. */
export interface Recipe
  extends Omit<Static<typeof RecipeSchema>, 'layers' | 'optimizer' | 'schedule'> {
  readonly layers: readonly Layer[];
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
}

/** What a training needs to know of a recipe beside the network itself. */
export type TrainingSettings = Omit<
  Recipe,
  'name' | 'task' | 'trainer' | 'layers' | 'input' | 'quantization'
> & {
  readonly input: Pick<Recipe['input'], 'shape' | 'layout' | 'dtype'>;
};
