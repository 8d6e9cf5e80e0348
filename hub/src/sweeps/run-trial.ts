import type { Model } from '@edgewise/models/onnx';
import type { Runtime } from '@edgewise/models/runtime';
import { evaluate } from '@edgewise/models/train';
import type { TrialResult } from '@edgewise/protocol/http';
import { readSnapshot } from '../datasets/read-snapshot.ts';
import { isForFewBits, trainForFewBits } from '../pipeline/train-for-few-bits.ts';
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

/** How far a trial trains, and what of it is judged. */
export interface TrialSpan {
  /** Epochs of the float training in all. */
  readonly epochs: number;
  /** Trains on for few bits as the recipe says, and judges what devices will compute. */
  readonly forFewBits?: boolean;
}

/** Trains from the checkpoint there is, and measures the whole validation part. */
export async function runTrial(
  context: TrainingContext & { readonly runtime: Runtime },
  span: TrialSpan,
): Promise<TrialResult> {
  const { runtime, signal, threads } = context;
  const { model, epochs } = await trainedAs(context, span);
  const { validation } = await context.data();
  const measured = await evaluate(model, validation, { runtime, signal, threads });
  return { epochs, ...measured };
}

async function trainedAs(
  context: TrainingContext & { readonly runtime: Runtime },
  { epochs, forFewBits }: TrialSpan,
): Promise<{ readonly model: Model; readonly epochs: number }> {
  const { recipe } = context;
  if (!forFewBits || !isForFewBits(recipe)) {
    const { model, history } = await trainRecipe(context, { pauseAfterEpochs: epochs });
    return { model, epochs: history.length };
  }
  const { fewBits } = await trainForFewBits(context, { recipe });
  return { model: fewBits.quantized, epochs: recipe.epochs + fewBits.history.length };
}
