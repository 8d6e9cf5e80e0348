import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { assertFits, type Batches, createBatches, type LabelledData } from './batches.ts';
import type { Checkpoint, EpochMetrics } from './checkpoint.ts';
import { classWeightsOf } from './class-weights.ts';
import { evaluate } from './evaluate.ts';
import { createMeter, type Meter } from './meter.ts';
import type { Weights } from './network.ts';
import { learningRate } from './schedule.ts';
import { bestEpoch, hasStopped } from './selection.ts';
import { startState, type TrainingState, weightsIn } from './state.ts';
import { createStepper, type Stepper } from './stepper.ts';
import type { TrainableNetwork } from './trainable-network.ts';
import type { TrainingStep } from './training-step.ts';
import { splitForValidation } from './validation-split.ts';

/** What a training is given beside its network, and how it is followed and resumed. */
export interface RunOptions {
  readonly data: LabelledData;
  /** Measured after every epoch; never trained on. Without samples it counts as not given. */
  readonly validation?: LabelledData;
  readonly runtime: Runtime;
  /** Replaces the recipe's seed. */
  readonly seed?: number;
  /** Threads within one operator; default 1. Results are byte-equal only for an equal number. */
  readonly threads?: number;
  readonly onProgress?: (event: TrainEvent) => void;
  readonly checkpoint?: {
    readonly everySteps: number;
    /** Training goes on when the promise resolves; the tensors are reused from then on. */
    save(checkpoint: Checkpoint): Promise<void>;
  };
  /**
   * Pauses when so many epochs are done in all: the result is the model as it stands then, and a
   * checkpoint is saved to go on from. Schedules stay those of the whole training. Default: never.
   */
  readonly pauseAfterEpochs?: number;
  /** Goes on from here, to the same bytes as without the interruption. */
  readonly resume?: Checkpoint;
  /** Rejects with `canceled` after the step that is under way. */
  readonly signal?: AbortSignal;
  /** Runs the steps; default: the graph of a step, in `runtime`. */
  readonly stepWith?: (start: StepperStart) => Promise<Stepper & AsyncDisposable>;
}

/** What one that runs steps starts from. */
export interface StepperStart {
  /** What a step is: the names and sizes of its state, and its masks. */
  readonly plan: TrainingStep;
  readonly state: TrainingState;
  readonly seed: number;
  /** Weight of each class in the loss; `undefined`: all count alike. */
  readonly classWeights: readonly number[] | undefined;
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
  /** The learning curves, one point per finished epoch. */
  readonly history: readonly EpochMetrics[];
  /** The epoch whose weights the model has, from 0. */
  readonly epoch: number;
  /** Whether early stopping ended the training before its last epoch. */
  readonly stoppedEarly: boolean;
  /** Samples trained per second in this run, without loading and validation. */
  readonly imagesPerSecond: number;
}

/** A network with what its training starts from. */
export interface Trainee extends Omit<TrainableNetwork, 'weightsOf'> {
  readonly weights: Weights;
}

/** A training under way. */
interface Run {
  readonly trainee: Trainee;
  readonly options: RunOptions;
  readonly validation: LabelledData | undefined;
  readonly batches: Batches;
  readonly stepper: Stepper;
  readonly meter: Meter;
  /** Weights after the best epoch so far, where they are kept. */
  best: TrainingState | undefined;
}

/** Trains a network as its settings say; throws what `train` says. */
export async function runTraining(trainee: Trainee, options: RunOptions): Promise<TrainResult> {
  const { resume } = options;
  const { settings } = trainee;
  const seed = options.seed ?? settings.seed;
  const { train: data, validation } = partsOf(trainee, options, seed);
  const batches = createBatches(data, { recipe: settings, seed });
  if (resume !== undefined) assertResumes(resume, batches.perEpoch, settings.epochs);
  const classWeights = classWeightsOf(settings, data.labels, trainee.classes);
  const plan = trainee.step({ classWeights });
  const state = startState({ plan, weights: trainee.weights, resume });
  const stepWith = options.stepWith ?? ((start) => graphStepper(start, options));
  await using stepper = await stepWith({ plan, state, seed, classWeights });
  const meter = createMeter(settings.batchSize, batches.perEpoch, resume);
  const best = bestOf(resume, trainee);
  const run: Run = { trainee, options, validation, batches, stepper, meter, best };
  const stoppedEarly = await runSteps(run, resume?.step ?? 0);
  const { history } = meter.snapshot();
  const weights = weightsIn(run.best ?? stepper.state, trainee.weights);
  assertSound(Object.fromEntries(weights));
  return {
    model: trainee.finish(weights),
    history,
    epoch: run.best === undefined ? history.length - 1 : bestEpoch(history, settings),
    stoppedEarly,
    imagesPerSecond: meter.imagesPerSecond(),
  };
}

/** The best weights before an interruption, where they are to be kept. */
function bestOf(
  resume: Checkpoint | undefined,
  { settings, weights }: Trainee,
): TrainingState | undefined {
  if (settings.keep !== 'best' || resume?.best === undefined) return undefined;
  return Object.fromEntries(weightsIn(resume.best, weights));
}

async function graphStepper(
  { plan, state, seed }: StepperStart,
  options: RunOptions,
): Promise<Stepper & AsyncDisposable> {
  const { runtime, threads = 1 } = options;
  const session = await runtime.load(writeModel(plan.model), { threads, ...signalOf(options) });
  return Object.assign(createStepper({ session, plan, state, seed }), {
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  });
}

/** What is trained on and what is measured; both are checked against the network. */
function partsOf(
  { settings, classes }: Trainee,
  options: RunOptions,
  seed: number,
): { readonly train: LabelledData; readonly validation: LabelledData | undefined } {
  const { validationSplit: share, keep, earlyStopping } = settings;
  const { data } = options;
  const given = (options.validation?.labels.length ?? 0) > 0 ? options.validation : undefined;
  for (const part of [data, given]) if (part !== undefined) assertFits(part, settings, classes);
  if (given === undefined && share !== undefined) return splitForValidation(data, { share, seed });
  if (given === undefined && (keep === 'best' || earlyStopping !== undefined)) {
    throw new FleetError(
      'invalid-argument',
      'The recipe judges epochs by validation data, but none is given: give some, or a "validationSplit".',
    );
  }
  return { train: data, validation: given };
}

/** Refuses a checkpoint whose finished epochs are not those of this data and recipe. */
function assertResumes({ step, history }: Checkpoint, perEpoch: number, epochs: number): void {
  if (Math.floor(step / perEpoch) === history.length && step <= epochs * perEpoch) return;
  const reason = `The checkpoint is of another training: ${step} steps in ${history.length} finished epochs, but this one has ${epochs} epochs of ${perEpoch} steps.`;
  throw new FleetError('invalid-argument', reason);
}

/** Returns whether it stopped early. */
async function runSteps(run: Run, from: number): Promise<boolean> {
  const { batches, meter, trainee } = run;
  const { epochs } = trainee.settings;
  const { pauseAfterEpochs = epochs } = run.options;
  const steps = epochs * batches.perEpoch;
  const last = Math.min(epochs, pauseAfterEpochs) * batches.perEpoch;
  for (let step = from; step < last; step++) {
    const isEpochStart = step % batches.perEpoch === 0;
    if (isEpochStart && hasStopped(meter.snapshot().history, trainee.settings)) return true;
    const rate = await runStep(run, step);
    if ((step + 1) % batches.perEpoch === 0) await finishEpoch(run, rate);
    const isSaved = step + 1 === last || isDue(run, step + 1);
    if (step + 1 < steps && isSaved) await saveCheckpoint(run, step + 1);
  }
  return false;
}

/** Returns the step's learning rate. */
async function runStep({ trainee, options, batches, stepper, meter }: Run, step: number) {
  const { optimizer, schedule, epochs, batchSize } = trainee.settings;
  const place = { step, stepsPerEpoch: batches.perEpoch, epochs };
  const rate = learningRate(optimizer.rate, schedule, place);
  const startedMs = performance.now();
  const batch = batches.at(step);
  const result = await stepper.run(step, { batch, rate, signal: options.signal });
  meter.count(result, performance.now() - startedMs);
  assertFinite(result.loss, step);
  options.onProgress?.({
    type: 'step-finished',
    step: step + 1,
    steps: epochs * batches.perEpoch,
    epoch: Math.floor(step / batches.perEpoch),
    loss: result.loss,
    accuracy: result.correct / batchSize,
    learningRate: rate,
    imagesPerSecond: meter.imagesPerSecond(),
  });
  return rate;
}

function assertFinite(loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  const reason = `The loss is ${loss} at step ${step + 1}: the training diverged. Lower the optimizer's rate, or add warm-up steps.`;
  throw new FleetError('invalid-argument', reason, { detail: { step: step + 1 } });
}

/** A step's loss tells of the weights before it: what the last step did must be looked at. */
function assertSound(state: TrainingState): void {
  for (const [name, { data }] of Object.entries(state)) {
    const broken = (data as Float32Array).find((value) => !Number.isFinite(value));
    if (broken === undefined) continue;
    const reason = `"${name}" holds ${broken} after the last step: the training diverged. Lower the optimizer's rate, or add warm-up steps.`;
    throw new FleetError('invalid-argument', reason);
  }
}

async function finishEpoch(run: Run, rate: number): Promise<void> {
  const { trainee, options, validation: data, stepper, meter } = run;
  const { runtime, threads = 1 } = options;
  const { settings, weights } = trainee;
  const model = () => trainee.finish(weightsIn(stepper.state, weights));
  const given = { runtime, threads, ...signalOf(options) };
  const validation = data === undefined ? undefined : await evaluate(model(), data, given);
  const metrics = meter.closeEpoch({ learningRate: rate, validation });
  const { history } = meter.snapshot();
  if (settings.keep === 'best' && bestEpoch(history, settings) === metrics.epoch) {
    run.best = copyOf(weightsIn(stepper.state, weights));
  }
  options.onProgress?.({ type: 'epoch-finished', epochs: settings.epochs, ...metrics });
}

/** The state's own tensors are reused by later steps. */
function copyOf(weights: Weights): TrainingState {
  return Object.fromEntries(
    [...weights].map(([name, value]) => [
      name,
      { ...value, data: value.data.slice() as Float32Array },
    ]),
  ) as TrainingState;
}

/** Whether it is time for a checkpoint. */
const isDue = ({ options }: Run, step: number): boolean =>
  step % (options.checkpoint?.everySteps ?? step + 1) === 0;

async function saveCheckpoint({ options, stepper, meter, best }: Run, step: number): Promise<void> {
  if (options.checkpoint === undefined) return;
  assertSound(stepper.state);
  const kept = best === undefined ? {} : { best };
  await options.checkpoint.save({ step, state: stepper.state, ...meter.snapshot(), ...kept });
}

const signalOf = ({ signal }: RunOptions) => (signal === undefined ? {} : { signal });
