import { type Model, readModel, writeModel } from '@edgewise/models/onnx';
import {
  type Checkpoint,
  type CompleteTuneRecipe,
  decodeCheckpoint,
  encodeCheckpoint,
  isTuneRecipe,
  type LabelledData,
  type TrainEvent,
  type TrainResult,
} from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { BlobStore } from '../../store/blobs.ts';
import type { StepResults } from '../step-results.ts';
import type { Trainer, TuneRequest } from '../trainer.ts';
import type { StepContext, StepReports, StepWork } from './context.ts';

/** Steps between two points of the learning curve. */
const metricEverySteps = 50;
/** Validation samples that are measured after each epoch. */
const validationSamples = 2000;
/** Steps between two checkpoints: a few seconds of work. */
const checkpointEverySteps = 250;

/** Trains the recipe; a killed training goes on from its last checkpoint to the same bytes. */
export const trainModel: StepWork<StepResults['train']> = async (context) => {
  const { blobs, job, recipe, signal, report } = context;
  const { train: data, validation } = await context.data();
  const resume = await lastCheckpoint(context);
  const initial =
    job.kind === 'retrain' && job.champion !== null
      ? readModel(await blobs.get(job.champion.model))
      : undefined;
  const trainer = await context.trainer();
  report.trainer(trainer.engine);
  const request = {
    ...{ data, signal, seed: job.seed, threads: job.threads },
    validation: firstOf(validation, validationSamples),
    ...(initial && { initial }),
    ...(resume && { resume }),
    onProgress: createTeller(report),
    checkpoint: {
      everySteps: checkpointEverySteps,
      async save(checkpoint: Checkpoint) {
        await report.checkpoint(await blobs.put(encodeCheckpoint(checkpoint)));
      },
    },
  };
  const result = isTuneRecipe(recipe)
    ? await tuneWith(trainer, { ...request, recipe, base: await baseOf(recipe, blobs) })
    : await trainer.train({ ...request, recipe });
  const bytes = writeModel(result.model);
  return {
    model: await blobs.put(bytes),
    graphBytes: bytes.length,
    imagesPerSecond: result.imagesPerSecond,
  };
};

function tuneWith(trainer: Trainer, request: TuneRequest): Promise<TrainResult> {
  if (trainer.tune !== undefined) return trainer.tune(request);
  const { library } = trainer.engine;
  throw new FleetError('unsupported', `${library} cannot train an imported model further.`);
}

async function baseOf({ base }: CompleteTuneRecipe, blobs: BlobStore): Promise<Model> {
  return readModel(await blobs.get(base.model));
}

async function lastCheckpoint({ blobs, checkpoint }: StepContext): Promise<Checkpoint | undefined> {
  return checkpoint === undefined ? undefined : decodeCheckpoint(await blobs.get(checkpoint));
}

function createTeller(report: StepReports): (event: TrainEvent) => void {
  let step = 0;
  return (event) => {
    if (event.type === 'step-finished') {
      step = event.step;
      report.progress(event.step / event.steps, event.imagesPerSecond);
      if (step % metricEverySteps !== 0) return;
      report.metric({ step, epoch: event.epoch, loss: event.loss });
      return;
    }
    const { epoch, loss, validation } = event;
    const accuracy = validation && { accuracy: validation.accuracy };
    report.metric({ step, epoch: epoch + 1, loss, ...accuracy });
  };
}

function firstOf({ inputs, labels }: LabelledData, most: number): LabelledData {
  const count = Math.min(most, labels.length);
  const size = inputs.data.length / Math.max(1, labels.length);
  return {
    inputs: {
      ...inputs,
      dims: [count, ...inputs.dims.slice(1)],
      data: inputs.data.subarray(0, count * size) as Uint8Array,
    } as LabelledData['inputs'],
    labels: labels.subarray(0, count),
  };
}
