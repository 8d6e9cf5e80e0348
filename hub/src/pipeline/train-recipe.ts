import { type Model, readModel } from '@edgewise/models/onnx';
import {
  type Checkpoint,
  type CompleteTuneRecipe,
  decodeCheckpoint,
  encodeCheckpoint,
  isTuneRecipe,
  type LabelledData,
  type ModelRecipe,
  type TrainEvent,
  type TrainResult,
} from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { BlobStore } from '../store/blobs.ts';
import type { StepReports } from './steps/context.ts';
import type { Trainer, TuneRequest } from './trainer.ts';
import type { TrainingData } from './training-data.ts';

/** What a training works with, be it a step of a run or a trial of a sweep. */
export interface TrainingContext {
  readonly recipe: ModelRecipe;
  readonly seed: number;
  /** Threads within one operator. */
  readonly threads: number;
  readonly blobs: BlobStore;
  /** The trainer that the recipe asks for; loaded on first use. */
  trainer(): Promise<Trainer>;
  /** Read on first use. */
  data(): Promise<Pick<TrainingData, 'train' | 'validation'>>;
  readonly report: StepReports;
  /** Where an interrupted training left off. */
  readonly checkpoint: string | undefined;
  readonly signal: AbortSignal;
}

/** Where a training begins and how far it goes; default: from fresh weights to its end. */
export interface TrainingSpan {
  readonly initial?: Model;
  readonly pauseAfterEpochs?: number;
}

/** Steps between two points of the learning curve. */
const metricEverySteps = 50;
/** Validation samples that are measured after each epoch. */
const validationSamples = 2000;
/** Steps between two checkpoints: a few seconds of work. */
const checkpointEverySteps = 250;

/** Trains a recipe of either kind; a killed training goes on from its last checkpoint to the same bytes. */
export async function trainRecipe(
  context: TrainingContext,
  span: TrainingSpan = {},
): Promise<TrainResult> {
  const { blobs, recipe, seed, threads, signal, report } = context;
  const { train: data, validation } = await context.data();
  const resume = await lastCheckpoint(context);
  const trainer = await context.trainer();
  report.trainer(trainer.engine);
  if (resume !== undefined) tellHistory(resume, context, data);
  const request = {
    ...{ data, signal, seed, threads, ...span },
    validation: firstOf(validation, validationSamples),
    ...(resume && { resume }),
    onProgress: createTeller(report),
    checkpoint: {
      everySteps: checkpointEverySteps,
      async save(checkpoint: Checkpoint) {
        await report.checkpoint(await blobs.put(encodeCheckpoint(checkpoint)));
      },
    },
  };
  return isTuneRecipe(recipe)
    ? await tuneWith(trainer, { ...request, recipe, base: await baseOf(recipe, blobs) })
    : await trainer.train({ ...request, recipe });
}

function tuneWith(trainer: Trainer, request: TuneRequest): Promise<TrainResult> {
  if (trainer.tune !== undefined) return trainer.tune(request);
  const { library } = trainer.engine;
  throw new FleetError('unsupported', `${library} cannot train an imported model further.`);
}

async function baseOf({ base }: CompleteTuneRecipe, blobs: BlobStore): Promise<Model> {
  return readModel(await blobs.get(base.model));
}

async function lastCheckpoint({
  blobs,
  checkpoint,
}: TrainingContext): Promise<Checkpoint | undefined> {
  return checkpoint === undefined ? undefined : decodeCheckpoint(await blobs.get(checkpoint));
}

/** The epochs before a checkpoint, for one who did not see them; the same points once more change nothing. */
function tellHistory(
  { history }: Checkpoint,
  { recipe, report }: TrainingContext,
  { labels }: LabelledData,
): void {
  const stepsPerEpoch = Math.floor(labels.length / recipe.batchSize);
  for (const { epoch, loss, validation } of history) {
    const accuracy = validation && { accuracy: validation.accuracy };
    report.metric({ step: (epoch + 1) * stepsPerEpoch, epoch: epoch + 1, loss, ...accuracy });
  }
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
