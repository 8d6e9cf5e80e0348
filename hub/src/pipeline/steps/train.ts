import { type Model, readModel, writeModel } from '@edgewise/models/onnx';
import type { StepResults } from '../step-results.ts';
import { isForFewBits, trainForFewBits } from '../train-for-few-bits.ts';
import { trainRecipe } from '../train-recipe.ts';
import type { StepContext, StepWork } from './context.ts';

/** Trains the recipe, a retraining from the champion's weights, then on for few bits where it says so. */
export const trainModel: StepWork<StepResults['train']> = async (context) => {
  const { recipe, job } = context;
  const training = { ...context, seed: job.seed, threads: job.threads };
  const initial = await champion(context);
  const start = initial && { initial };
  if (!isForFewBits(recipe)) {
    const { model, imagesPerSecond } = await trainRecipe(training, start);
    return { ...(await kept(context, model)), imagesPerSecond };
  }
  const { float, fewBits, imagesPerSecond } = await trainForFewBits(training, { recipe, ...start });
  return {
    ...(await kept(context, float)),
    imagesPerSecond,
    quantized: {
      model: (await kept(context, fewBits.model)).model,
      weightBits: recipe.quantization.weightBits,
      ranges: Object.fromEntries(fewBits.ranges),
    },
  };
};

async function champion({ blobs, job }: StepContext): Promise<Model | undefined> {
  if (job.kind !== 'retrain' || job.champion === null) return undefined;
  return readModel(await blobs.get(job.champion.model));
}

async function kept({ blobs }: StepContext, model: Model) {
  const bytes = writeModel(model);
  return { model: await blobs.put(bytes), graphBytes: bytes.length };
}
