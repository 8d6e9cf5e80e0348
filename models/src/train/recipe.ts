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
    /** Sizes of one sample: `[height, width, channels]`, `[channels, height, width]` or `[features]`. */
    shape: Type.Array(Type.Integer({ minimum: 1, maximum: 65_536 }), { minItems: 1, maxItems: 3 }),
    /** Where the channels of a three-dimensional shape are: `hwc` (default) or `chw`. */
    layout: Type.Optional(Type.Enum(['hwc', 'chw'])),
    dtype: Type.Enum(['uint8', 'float32']),
    /** The network sees x * scale + offset. */
    scale: Type.Number(),
    /** Default 0. */
    offset: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
);

/** Schema of a recipe: how a model is trained, as data. */
export const RecipeSchema = Type.Object(
  {
    name: Id,
    task: Type.Literal('classification'),
    input: RecipeInput,
    layers: Type.Array(Type.Union(Object.values(layers).map((kind) => kind.schema)), {
      minItems: 1,
      maxItems: 1000,
    }),
    loss: Type.Enum([...lossNames]),
    optimizer: Type.Union(Object.values(optimizerKinds)),
    schedule: Type.Union(Object.values(scheduleKinds)),
    epochs: Type.Integer({ minimum: 1, maximum: 10_000 }),
    /** Samples per step; a remainder that does not fill a batch waits for the next epoch's order. */
    batchSize: Type.Integer({ minimum: 1, maximum: 65_536 }),
    seed: Type.Integer({ minimum: 0, maximum: 4_294_967_295 }),
    augmentation: Type.Optional(Augmentation),
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
