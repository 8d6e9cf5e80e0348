import { type Model, readModel, writeModel } from '@edgewise/models/onnx';
import type { StepResults } from '../step-results.ts';
import { floatModelIn, isForFewBits, trainForFewBits } from '../train-for-few-bits.ts';
import { lastCheckpoint, type TrainingContext, trainRecipe } from '../train-recipe.ts';
import type { StepContext, StepWork } from './context.ts';

/** Trains the recipe, a retraining from the champion's weights, then on for few bits where it says so. */
export const trainModel: StepWork<StepResults['train']> = async (context) => {
  const { blobs, recipe, job } = context;
  const training = { ...context, seed: job.seed, threads: job.threads };
  if (!isForFewBits(recipe)) return (await trainFloat(context, training)).result;

  const resume = await lastCheckpoint(training);
  const known = floatModelIn(resume, recipe);
  const float =
    known === undefined
      ? await trainFloat(context, training, recipe.quantization.epochs)
      : await keep(context, known);
  const { model, ranges, imagesPerSecond } = await trainForFewBits(training, {
    ...{ recipe, initial: float.model, resume: known && resume },
  });
  return {
    ...{ imagesPerSecond, ...float.result },
    quantized: {
      model: await blobs.put(writeModel(model)),
      weightBits: recipe.quantization.weightBits,
      ranges: Object.fromEntries(ranges),
    },
  };
};

async function trainFloat(context: StepContext, training: TrainingContext, epochsAfter = 0) {
  const { blobs, job } = context;
  const initial =
    job.kind === 'retrain' && job.champion !== null
      ? readModel(await blobs.get(job.champion.model))
      : undefined;
  const span = { epochsAfter, ...(initial && { initial }) };
  const { model, imagesPerSecond } = await trainRecipe(training, span);
  const { result } = await keep(context, model);
  return { model, result: { ...result, imagesPerSecond } };
}

async function keep({ blobs }: StepContext, model: Model) {
  const bytes = writeModel(model);
  return { model, result: { model: await blobs.put(bytes), graphBytes: bytes.length } };
}
