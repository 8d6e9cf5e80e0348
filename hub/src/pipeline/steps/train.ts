import { readModel, writeModel } from '@edgewise/models/onnx';
import type { StepResults } from '../step-results.ts';
import { trainRecipe } from '../train-recipe.ts';
import type { StepWork } from './context.ts';

/** Trains the recipe, a retraining from the champion's weights. */
export const trainModel: StepWork<StepResults['train']> = async (context) => {
  const { blobs, job } = context;
  const initial =
    job.kind === 'retrain' && job.champion !== null
      ? readModel(await blobs.get(job.champion.model))
      : undefined;
  const { seed, threads } = job;
  const result = await trainRecipe({ ...context, seed, threads }, initial && { initial });
  const bytes = writeModel(result.model);
  return {
    model: await blobs.put(bytes),
    graphBytes: bytes.length,
    imagesPerSecond: result.imagesPerSecond,
  };
};
