import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { FleetError } from '@edgewise/protocol';
import { createOnnxTrainer } from '../pipeline/adapters/onnx-trainer.ts';
import type { TrialOrder } from '../pipeline/worker/messages.ts';
import type { Worker } from '../pipeline/worker.ts';
import { storedRecipe } from '../registry/base-models.ts';
import type { BlobStore } from '../store/blobs.ts';
import { runTrial, trialData } from './run-trial.ts';

/** A worker of this process, and what it was asked for. */
export interface LocalTrials {
  readonly worker: Worker<TrialOrder>;
  readonly orders: TrialOrder[];
  /** The most that were under way at once. */
  readonly most: () => number;
}

/** Trains trials in this process; `before` may hold one up, or end it by throwing. */
export function localTrials(
  blobs: BlobStore,
  before: (order: TrialOrder, signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
): LocalTrials {
  const orders: TrialOrder[] = [];
  let running = 0;
  let most = 0;
  const worker: Worker<TrialOrder> = {
    async run(order, listener, signal) {
      orders.push(order);
      running++;
      most = Math.max(most, running);
      try {
        await before(order, signal);
        const runtime = createOnnxRuntime();
        const { seed, threads, checkpoint } = order;
        const context = {
          ...{ recipe: await storedRecipe(order.recipe, blobs), seed, threads, blobs, runtime },
          ...{ checkpoint, signal, report: listener },
          trainer: () => Promise.resolve(createOnnxTrainer(runtime)),
          data: trialData(blobs, order),
        };
        const result = await runTrial(context, order);
        const bytes = new TextEncoder().encode(JSON.stringify(result));
        await listener.result('train', await blobs.put(bytes));
        return { ok: true };
      } catch (thrown) {
        const { code, reason } = FleetError.from(thrown);
        return { ok: false, code, detail: reason };
      } finally {
        running--;
      }
    },
  };
  return { worker, orders, most: () => most };
}
