import type { Signer } from '@edgewise/models/bundle';
import type { Runtime } from '@edgewise/models/runtime';
import { createOnnxRuntime, detectDeviceClass } from '@edgewise/models/runtime-onnx';
import type { ModelRecipe } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import { readSnapshot } from '../../datasets/read-snapshot.ts';
import { storedRecipe } from '../../registry/base-models.ts';
import { createFileBlobs } from '../../store/adapters/file-blobs.ts';
import type { BlobStore } from '../../store/blobs.ts';
import { runTrial, trialData } from '../../sweeps/run-trial.ts';
import { createOnnxTrainer } from '../adapters/onnx-trainer.ts';
import { decodeJob, type Job } from '../job.ts';
import { runSteps } from '../run-steps.ts';
import type { StepReports } from '../steps/context.ts';
import type { Trainer } from '../trainer.ts';
import { divide, type TrainingData } from '../training-data.ts';
import type { FromWorker, ToWorker, TrialOrder, WorkOrder } from './messages.ts';

/** How a worker talks to its hub. */
export interface HubLine {
  send(message: FromWorker): void;
  ask(message: (id: number) => FromWorker): Promise<ToWorker>;
  readonly signal: AbortSignal;
}

/** Progress is told at most this often. */
const progressEveryMs = 200;

/** Does what the hub has ordered. */
export async function workOn(order: WorkOrder | TrialOrder, line: HubLine): Promise<void> {
  await ('job' in order ? workOnRun(order, line) : workOnTrial(order, line));
}

/** Works through the steps of one job. */
async function workOnRun(order: WorkOrder, line: HubLine): Promise<void> {
  const blobs = await createFileBlobs(order.blobFolder);
  const job = decodeJob(await blobs.get(order.job));
  const recipe = await storedRecipe(job.recipe, blobs);
  const runtime = createOnnxRuntime();
  const context = {
    ...{ job, jobDigest: order.job, recipe, blobs, signal: line.signal, runtime },
    trainer: () => trainerOf(recipe, runtime),
    signer: remoteSigner(order.publicKeyPem, line),
    host: detectDeviceClass(),
    data: lazyData(blobs, job, recipe),
    report: reportsTo(line),
    checkpoint: order.checkpoint,
  };
  await runSteps(context, order.results, {
    started: (step) => line.send({ kind: 'step', step }),
    async finished(step, digest) {
      await written(line.ask((id) => ({ kind: 'result', id, step, digest })));
    },
  });
}

/** Trains a trial as far as it is to go; the test part is not even read. */
async function workOnTrial(order: TrialOrder, line: HubLine): Promise<void> {
  const blobs = await createFileBlobs(order.blobFolder);
  const recipe = await storedRecipe(order.recipe, blobs);
  const runtime = createOnnxRuntime();
  const { seed, threads, checkpoint } = order;
  const context = {
    ...{ recipe, seed, threads, blobs, runtime, checkpoint, signal: line.signal },
    trainer: () => trainerOf(recipe, runtime),
    data: trialData(blobs, { ...order, validationSplit: recipe.validationSplit }),
    report: reportsTo(line),
  };
  const result = await runTrial(context, order);
  const digest = await blobs.put(new TextEncoder().encode(JSON.stringify(result)));
  await written(line.ask((id) => ({ kind: 'result', id, step: 'train', digest })));
}

/** tfjs is large: only a recipe that names it loads it. */
async function trainerOf(recipe: ModelRecipe, runtime: Runtime): Promise<Trainer> {
  if (!('trainer' in recipe) || recipe.trainer !== 'tfjs') return createOnnxTrainer(runtime);
  const { createTfjsTrainer } = await import('../adapters/tfjs/tfjs-trainer.ts');
  return createTfjsTrainer(runtime);
}

function lazyData(
  blobs: BlobStore,
  job: Job,
  { validationSplit }: ModelRecipe,
): () => Promise<TrainingData> {
  let data: Promise<TrainingData> | undefined;
  const options = { seed: job.seed, retrain: job.kind === 'retrain', validationSplit };
  return () => {
    data ??= readSnapshot(blobs, job.snapshot).then((snapshot) => divide(snapshot, options));
    return data;
  };
}

function reportsTo(line: HubLine): StepReports {
  let toldAtMs = 0;
  return {
    progress(progress, imagesPerSecond) {
      const nowMs = performance.now();
      if (nowMs - toldAtMs < progressEveryMs) return;
      toldAtMs = nowMs;
      line.send({ kind: 'progress', progress, imagesPerSecond });
    },
    metric: (metric) => line.send({ kind: 'metric', metric }),
    trainer: (engine) => line.send({ kind: 'trainer', engine }),
    async checkpoint(digest) {
      await written(line.ask((id) => ({ kind: 'checkpoint', id, digest })));
    },
  };
}

async function written(answer: Promise<ToWorker>): Promise<void> {
  const { kind } = await answer;
  if (kind !== 'written') throw new FleetError('unavailable', 'The hub could not write it down.');
}

/** Signs at the hub: the private key never enters this process. */
function remoteSigner(publicKeyPem: string, line: HubLine): Signer {
  return {
    publicKeyPem,
    async sign(bytes) {
      const answer = await line.ask((id) => ({ kind: 'sign', id, bytes }));
      if (answer.kind === 'signed') return answer.signature;
      const detail = answer.kind === 'refused' ? answer.detail : 'The hub did not sign.';
      throw new FleetError('forbidden', detail);
    },
  };
}
