import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { FleetError } from '@edgewise/protocol';
import type { PipelineStep } from '@edgewise/protocol/http';
import { readSnapshot } from '../datasets/read-snapshot.ts';
import { storedRecipe } from '../registry/base-models.ts';
import type { BlobStore } from '../store/blobs.ts';
import { createOnnxTrainer } from './adapters/onnx-trainer.ts';
import { decodeJob } from './job.ts';
import { runSteps } from './run-steps.ts';
import { divide } from './training-data.ts';
import type { Worker, WorkOutcome } from './worker.ts';

/** Works in this process; `after` may hold it up when a step is done. */
export function localWorker(
  blobs: BlobStore,
  after: (step: PipelineStep, signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
) {
  const started: PipelineStep[] = [];
  const worker: Worker = {
    async run(order, listener, signal): Promise<WorkOutcome> {
      try {
        const job = decodeJob(await blobs.get(order.job));
        const recipe = await storedRecipe(job.recipe, blobs);
        const snapshot = await readSnapshot(blobs, job.snapshot);
        await runSteps(
          {
            ...{ job, jobDigest: order.job, recipe, blobs, signal },
            trainer: () => Promise.resolve(createOnnxTrainer(createOnnxRuntime())),
            ...{ runtime: createOnnxRuntime(), host: 'x64-vnni', checkpoint: order.checkpoint },
            signer: { publicKeyPem: order.publicKeyPem, sign: listener.sign },
            data: () => Promise.resolve(divide(snapshot, { seed: job.seed, retrain: false })),
            report: listener,
          },
          order.results,
          {
            started(step) {
              started.push(step);
              listener.step(step);
            },
            async finished(step, digest) {
              await listener.result(step, digest);
              await after(step, signal);
            },
          },
        );
        return { ok: true };
      } catch (thrown) {
        const { code, reason } = FleetError.from(thrown);
        return { ok: false, code, detail: reason };
      }
    },
  };
  return { worker, started };
}
