import type { Session } from '../runtime/runtime.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Batch } from './batches.ts';
import { createMask } from './mask.ts';
import { modelNames } from './network.ts';
import type { TrainingState } from './state.ts';
import { createStateBuffers } from './state-buffers.ts';
import { stepNames } from './step-names.ts';
import type { TrainingStep } from './training-step.ts';

/** Runs training steps one after the other and holds the state between them. */
export interface Stepper {
  /**
   * Weights, running statistics and optimizer slots by name, in the form that graphs hold them; later
   * steps write over them.
   */
  readonly state: TrainingState;
  run(step: number, call: StepCall): Promise<StepResult>;
}

/** What one step is given. */
export interface StepCall {
  readonly batch: Batch;
  readonly rate: number;
  readonly signal: AbortSignal | undefined;
}

/** What one step gave, over its batch. */
export interface StepResult {
  readonly loss: number;
  /** Samples of the batch that were classified right before the update. */
  readonly correct: number;
}

/** Starts from a state; the session runs the step's graph. */
export function createStepper(options: {
  readonly session: Session;
  readonly plan: TrainingStep;
  readonly state: TrainingState;
  readonly seed: number;
}): Stepper {
  const { session, plan, seed } = options;
  const buffers = createStateBuffers(plan.state, options.state);
  const masks = plan.masks.map((mask) => createMask(mask, seed));
  const targetsOf = createTargets(plan.targets);
  return {
    get state() {
      return buffers.state();
    },
    async run(step, { batch, rate, signal }) {
      const feeds: Record<string, Tensor> = {
        ...buffers.feeds(),
        [modelNames.input]: batch.inputs,
        [stepNames.targets]: targetsOf(batch.labels),
        [stepNames.rate]: scalar(rate),
      };
      for (const [name, value] of Object.entries(plan.scalars(step + 1))) {
        feeds[name] = scalar(value);
      }
      for (const [layer, mask] of masks.entries()) feeds[mask.input] = mask.fill(step, layer);
      const into = buffers.targets();
      const results = await session.run(feeds, signal === undefined ? { into } : { into, signal });
      buffers.swap();
      return {
        loss: Number(results[stepNames.loss]?.data[0] ?? Number.NaN),
        correct: Number(results[stepNames.correct]?.data[0] ?? 0),
      };
    },
  };
}

const scalar = (value: number): Tensor => tensor('float32', [], new Float32Array([value]));

/** Labels in the form that the loss compares with: as they are, or 1 at the label and else 0. */
function createTargets({ dtype, dims }: TrainingStep['targets']): (labels: Tensor) => Tensor {
  if (dtype === 'int32') return (labels) => labels;
  const [, classes = 0] = dims;
  const targets = tensor('float32', dims, new Float32Array(elementCount(dims)));
  return (labels) => {
    targets.data.fill(0);
    for (const [row, label] of labels.data.entries())
      targets.data[row * classes + Number(label)] = 1;
    return targets;
  };
}
