import type { Model } from '@edgewise/models/onnx';
import type { Runtime } from '@edgewise/models/runtime';
import {
  type ModelRecipe,
  networkFor,
  type QuantizedTraining,
  trainQuantized,
} from '@edgewise/models/train';
import {
  baseOf,
  followed,
  lastCheckpoint,
  type TrainingContext,
  trainRecipe,
} from './train-recipe.ts';

/** A recipe that trains on for few bits. */
export type FewBitsRecipe = ModelRecipe & Required<Pick<ModelRecipe, 'quantization'>>;

/** Whether a float training is followed by one for few bits. */
export function isForFewBits(recipe: ModelRecipe): recipe is FewBitsRecipe {
  return recipe.quantization !== undefined;
}

/** A float model, and what was trained of it for few bits. */
export interface FewBitsTraining {
  readonly float: Model;
  readonly fewBits: QuantizedTraining;
  /** Of the float training where this process has done any of it. */
  readonly imagesPerSecond: number;
}

/**
 * Trains in float, then on for few bits, in the runtime that also serves, whatever trained before; a
 * killed training goes on from its last checkpoint to the same bytes.
 */
export async function trainForFewBits(
  context: TrainingContext & { readonly runtime: Runtime },
  { recipe, initial }: { readonly recipe: FewBitsRecipe; readonly initial?: Model },
): Promise<FewBitsTraining> {
  const { quantization } = recipe;
  const base = await baseOf(recipe, context.blobs);
  const resume = await lastCheckpoint(context);
  // Only a checkpoint of the second training knows what that started from.
  const known = resume?.float && new Map(Object.entries(resume.float));
  const { model: float, imagesPerSecond } =
    known === undefined
      ? await trainRecipe(context, {
          epochsAfter: quantization.epochs,
          ...(initial && { initial }),
        })
      : { model: networkFor(recipe, base).finish(known), imagesPerSecond: undefined };
  const epochs = { before: recipe.epochs, own: quantization.epochs, after: 0 };
  const fewBits = await trainQuantized({
    ...(await followed(context, known && resume, epochs)),
    ...{ recipe, initial: float, quantization, runtime: context.runtime },
    ...(base && { base }),
  });
  return { float, fewBits, imagesPerSecond: imagesPerSecond ?? fewBits.imagesPerSecond };
}
