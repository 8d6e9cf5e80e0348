import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { assertFits, type Batches, createBatches, type LabelledData } from './batches.ts';
import type { Checkpoint, EpochMetrics } from './checkpoint.ts';
import { evaluate } from './evaluate.ts';
import { nextOf } from './layers/layer.ts';
import { createMeter, type Meter } from './meter.ts';
import {
  buildNetwork,
  initialWeights,
  layerSizes,
  modelNames,
  networkParameters,
} from './network.ts';
import type { Recipe } from './recipe.ts';
import { learningRate } from './schedule.ts';
import { startState, type TrainingState, weightsIn } from './state.ts';
import { createStepper, type Stepper } from './stepper.ts';
import { buildTrainingStep, type TrainingStep } from './training-step.ts';

/** What is trained on what, and how it is followed and resumed. */
export interface TrainOptions {
  readonly recipe: Recipe;
  readonly data: LabelledData;
  /** Measured after every epoch; never trained on. */
  readonly validation?: LabelledData;
  readonly runtime: Runtime;
  /** Replaces the recipe's seed. */
  readonly seed?: number;
  /** A model of the same recipe whose weights training starts from; default: fresh ones. */
  readonly initial?: Model;
  /** Threads within one operator; default 1. Results are byte-equal only for an equal number. */
  readonly threads?: number;
  readonly onProgress?: (event: TrainEvent) => void;
  readonly checkpoint?: {
    readonly everySteps: number;
    /** Training goes on when the promise resolves. */
    save(checkpoint: Checkpoint): Promise<void>;
  };
  /** Goes on from here, to the same bytes as without the interruption. */
  readonly resume?: Checkpoint;
  /** Rejects with `canceled` after the step that is under way. */
  readonly signal?: AbortSignal;
}

/** What happens during a training. */
export type TrainEvent =
  | {
      readonly type: 'step-finished';
      /** Steps done and to do in all. */
      readonly step: number;
      readonly steps: number;
      /** From 0. */
      readonly epoch: number;
      /** Of this step's batch, before its update. */
      readonly loss: number;
      /** Share classified right in this batch, 0 to 1. */
      readonly accuracy: number;
      readonly learningRate: number;
      /** Over this run so far, without validation. */
      readonly imagesPerSecond: number;
    }
  | ({ readonly type: 'epoch-finished'; readonly epochs: number } & EpochMetrics);

/** A trained model and its history. */
export interface TrainResult {
  /** For inference: raw `input` to `logits` and `probabilities`, any batch size. */
  readonly model: Model;
  readonly history: readonly EpochMetrics[];
  /** Samples trained per second in this run, without loading and validation. */
  readonly imagesPerSecond: number;
}

/**
 * Trains the network of a recipe. Recipe, data, seed and thread count decide the weights byte for
 * byte on one build of the runtime. Throws `invalid-argument` for data or weights that do not
 * belong to the recipe or a training that diverges, and `insufficient-data` when there is not one
 * whole batch.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { recipe, data, runtime, resume, initial, threads = 1 } = options;
  const seed = options.seed ?? recipe.seed;
  const classes = layerSizes(recipe).at(-1)?.[0] ?? 0;
  for (const part of [data, options.validation]) {
    if (part !== undefined) assertFits(part, recipe, classes);
  }
  const batches = createBatches(data, { recipe, seed });
  const plan = trainingStepOf(recipe);
  const state = startState(recipe, { plan, seed, initial, resume });
  await using session = await runtime.load(writeModel(plan.model), {
    threads,
    ...signalOf(options),
  });
  const stepper = createStepper({ session, plan, state, seed });
  const meter = createMeter(recipe.batchSize, batches.perEpoch, resume);
  const training: Training = { options, batches, stepper, meter };
  for (let step = resume?.step ?? 0; step < recipe.epochs * batches.perEpoch; step++) {
    await runStep(training, step);
    if ((step + 1) % batches.perEpoch === 0) await finishEpoch(training);
    await saveCheckpoint(training, step + 1);
  }
  const { history } = meter.snapshot();
  const model = finishedModel(recipe, stepper.state);
  return { model, history, imagesPerSecond: meter.imagesPerSecond() };
}

/** A training under way. */
interface Training {
  readonly options: TrainOptions;
  readonly batches: Batches;
  readonly stepper: Stepper;
  readonly meter: Meter;
}

async function runStep({ options, batches, stepper, meter }: Training, step: number) {
  const { recipe } = options;
  const place = { step, stepsPerEpoch: batches.perEpoch, epochs: recipe.epochs };
  const rate = learningRate(recipe.optimizer.rate, recipe.schedule, place);
  const startedMs = performance.now();
  const batch = batches.at(step);
  const result = await stepper.run(step, { batch, rate, signal: options.signal });
  meter.count(result, performance.now() - startedMs);
  assertFinite(result.loss, step);
  options.onProgress?.({
    type: 'step-finished',
    step: step + 1,
    steps: recipe.epochs * batches.perEpoch,
    epoch: Math.floor(step / batches.perEpoch),
    loss: result.loss,
    accuracy: result.correct / recipe.batchSize,
    learningRate: rate,
    imagesPerSecond: meter.imagesPerSecond(),
  });
}

function assertFinite(loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  const reason = `The loss is ${loss} at step ${step + 1}: the training diverged. Lower the optimizer's rate, or add warm-up steps.`;
  throw new FleetError('invalid-argument', reason, { detail: { step: step + 1 } });
}

async function finishEpoch({ options, stepper, meter }: Training): Promise<void> {
  const { recipe, validation, runtime, threads = 1 } = options;
  const score =
    validation === undefined
      ? undefined
      : await evaluate(finishedModel(recipe, stepper.state), validation, {
          runtime,
          threads,
          ...signalOf(options),
        });
  const metrics = meter.closeEpoch(score);
  options.onProgress?.({ type: 'epoch-finished', epochs: recipe.epochs, ...metrics });
}

async function saveCheckpoint({ options, stepper, meter, batches }: Training, step: number) {
  const { checkpoint, recipe } = options;
  if (checkpoint === undefined || step % checkpoint.everySteps !== 0) return;
  if (step === recipe.epochs * batches.perEpoch) return;
  await checkpoint.save({ step, state: stepper.state, ...meter.snapshot() });
}

/** The training graph of a recipe. */
export function trainingStepOf(recipe: Recipe): TrainingStep {
  const parameters = networkParameters(recipe);
  const names = (role: 'trained' | 'statistic') =>
    parameters.filter((parameter) => parameter.role === role).map(({ name }) => name);
  const form = { mode: 'training', batch: recipe.batchSize } as const;
  return buildTrainingStep({
    model: buildNetwork(recipe, initialWeights(recipe, 0), form),
    output: modelNames.logits,
    trained: names('trained'),
    statistics: new Map(names('statistic').map((name) => [name, nextOf(name)])),
    loss: recipe.loss,
    optimizer: recipe.optimizer,
  });
}

function finishedModel(recipe: Recipe, state: TrainingState): Model {
  return buildNetwork(recipe, weightsIn(state, recipe), { mode: 'inference', batch: 'N' });
}

const signalOf = ({ signal }: TrainOptions) => (signal === undefined ? {} : { signal });
