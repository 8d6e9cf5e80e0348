import type { Runtime } from '@edgewise/models/runtime';
import { evaluate } from '@edgewise/models/train';
import type { TrialResult } from '@edgewise/protocol/http';
import { readSnapshot } from '../datasets/read-snapshot.ts';
import { type TrainingContext, trainRecipe } from '../pipeline/train-recipe.ts';
import { divide, type TrainingData } from '../pipeline/training-data.ts';
import type { BlobStore } from '../store/blobs.ts';

/** What trials may see of a snapshot: never its test part. */
export type TrialData = Pick<TrainingData, 'train' | 'validation'>;

/** The same data for every trial of a snapshot, read on first use. */
export function trialData(
  blobs: BlobStore,
  order: {
    readonly snapshot: string;
    readonly seed: number;
    readonly validationSplit?: number | undefined;
  },
): () => Promise<TrialData> {
  let data: Promise<TrialData> | undefined;
  return () => {
    data ??= readSnapshot(blobs, order.snapshot, { parts: ['train', 'validation'] }).then(
      (read) => {
        const { train, validation } = divide(read, { ...order, retrain: false });
        return { train, validation };
      },
    );
    return data;
  };
}

/** Trains up to `epochs` in all, from the checkpoint there is, and measures the whole validation part. */
export async function runTrial(
  context: TrainingContext & { readonly runtime: Runtime },
  epochs: number,
): Promise<TrialResult> {
  const { runtime, signal, threads } = context;
  const { model, history } = await trainRecipe(context, { pauseAfterEpochs: epochs });
  const { validation } = await context.data();
  const measured = await evaluate(model, validation, { runtime, signal, threads });
  return { epochs: history.length, ...measured };
}
