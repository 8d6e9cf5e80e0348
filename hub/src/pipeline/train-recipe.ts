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
import { createEpochTeller, type EpochTeller } from './epoch-metrics.ts';
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
  /** Epochs of a training that follows in the same run; progress leaves room for them. */
  readonly epochsAfter?: number;
}

/** Which epochs of a run a training has: they share one learning curve and one progress. */
export interface EpochSpan {
  readonly before: number;
  readonly own: number;
  readonly after: number;
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
  { epochsAfter = 0, ...span }: TrainingSpan = {},
): Promise<TrainResult> {
  const { blobs, recipe, report } = context;
  const trainer = await context.trainer();
  report.trainer(trainer.engine);
  const resume = await lastCheckpoint(context);
  const epochs = { before: 0, own: recipe.epochs, after: epochsAfter };
  const request = { ...(await followed(context, resume, epochs)), ...span };
  if (!isTuneRecipe(recipe)) return await trainer.train({ ...request, recipe });
  return await tuneWith(trainer, { ...request, recipe, base: await importedBase(recipe, blobs) });
}

/** What every training of a run is given: data, and where it tells and keeps what it does. */
export async function followed(
  context: TrainingContext,
  resume: Checkpoint | undefined,
  epochs: EpochSpan,
) {
  const { blobs, seed, threads, signal, report } = context;
  const { train: data, validation } = await context.data();
  const tellEpoch = createEpochTeller(context.recipe);
  if (resume !== undefined) tellHistory(resume, context, { epochs, data, tellEpoch });
  return {
    ...{ data, signal, seed, threads },
    validation: firstOf(validation, validationSamples),
    ...(resume && { resume }),
    onProgress: createTeller(report, epochs, tellEpoch),
    checkpoint: {
      everySteps: checkpointEverySteps,
      async save(checkpoint: Checkpoint) {
        await report.checkpoint(await blobs.put(encodeCheckpoint(checkpoint)));
      },
    },
  };
}

function tuneWith(trainer: Trainer, request: TuneRequest): Promise<TrainResult> {
  if (trainer.tune !== undefined) return trainer.tune(request);
  const { library } = trainer.engine;
  throw new FleetError('unsupported', `${library} cannot train an imported model further.`);
}

async function importedBase({ base }: CompleteTuneRecipe, blobs: BlobStore): Promise<Model> {
  return readModel(await blobs.get(base.model));
}

/** The model that a recipe trains further; `undefined` for one with layers of its own. */
export async function baseOf(recipe: ModelRecipe, blobs: BlobStore): Promise<Model | undefined> {
  return isTuneRecipe(recipe) ? await importedBase(recipe, blobs) : undefined;
}

/** Why a checkpoint is of no use: it is gone, damaged, or written by a hub that wrote them otherwise. */
const useless: ReadonlySet<string> = new Set(['not-found', 'digest-mismatch', 'malformed']);

/**
 * Where an interrupted training left off. A checkpoint that is of no use costs time and nothing else: from
 * its beginning the training comes to the same bytes.
 */
export async function lastCheckpoint({
  blobs,
  checkpoint,
}: Pick<TrainingContext, 'blobs' | 'checkpoint'>): Promise<Checkpoint | undefined> {
  if (checkpoint === undefined) return undefined;
  try {
    return decodeCheckpoint(await blobs.get(checkpoint));
  } catch (thrown) {
    if (useless.has(FleetError.from(thrown).code)) return undefined;
    throw thrown;
  }
}

/** The epochs before a checkpoint, for one who did not see them; the same points once more change nothing. */
function tellHistory(
  { history }: Checkpoint,
  { recipe, report }: TrainingContext,
  how: {
    readonly epochs: EpochSpan;
    readonly data: LabelledData;
    readonly tellEpoch: EpochTeller;
  },
): void {
  const { epochs, data, tellEpoch } = how;
  const stepsPerEpoch = Math.floor(data.labels.length / recipe.batchSize);
  for (const end of history) {
    const epoch = epochs.before + end.epoch + 1;
    report.metric(tellEpoch(end, { step: epoch * stepsPerEpoch, epoch }));
  }
}

function createTeller(
  report: StepReports,
  { before, own, after }: EpochSpan,
  tellEpoch: EpochTeller,
): (event: TrainEvent) => void {
  let step = 0;
  return (event) => {
    const { loss } = event;
    const epoch = before + event.epoch;
    if (event.type === 'step-finished') {
      step = event.step + (before * event.steps) / own;
      const done = before + (own * event.step) / event.steps;
      report.progress(done / (before + own + after), event.imagesPerSecond);
      if (step % metricEverySteps === 0) report.metric({ step, epoch, loss });
      return;
    }
    report.metric(tellEpoch(event, { step, epoch: epoch + 1 }));
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
