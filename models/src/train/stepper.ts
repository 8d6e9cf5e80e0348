import type { Session } from '../runtime/index.ts';
import { elementCount, type Tensor, tensor } from '../tensor/index.ts';
import type { Batch } from './batches.ts';
import { modelNames } from './network.ts';
import { createRandom, purposes } from './random.ts';
import type { TrainingState } from './state.ts';
import { type DropoutMask, stepNames, type TrainingStep } from './training-step.ts';

/** Runs training steps one after the other and holds the state between them. */
export interface Stepper {
  readonly state: TrainingState;
  run(step: number, call: StepCall): Promise<StepResult>;
}

interface StepCall {
  readonly batch: Batch;
  readonly rate: number;
  readonly signal: AbortSignal | undefined;
}

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
  let state = options.state;
  const masks = plan.masks.map((mask) => createMask(mask, seed));
  return {
    get state() {
      return state;
    },
    async run(step, { batch, rate, signal }) {
      const feeds: Record<string, Tensor> = {
        ...state,
        [modelNames.input]: batch.inputs,
        [stepNames.targets]: batch.labels,
        [stepNames.rate]: scalar(rate),
      };
      for (const [name, value] of Object.entries(plan.scalars(step + 1))) {
        feeds[name] = scalar(value);
      }
      for (const [layer, mask] of masks.entries()) feeds[mask.input] = mask.fill(step, layer);
      const results = await session.run(feeds, signal === undefined ? {} : { signal });
      const value = (name: string): Tensor => results[name] as Tensor;
      state = Object.fromEntries([...plan.next].map(([name, next]) => [name, value(next)]));
      return {
        loss: Number(value(stepNames.loss).data[0]),
        correct: Number(results[stepNames.correct]?.data[0] ?? 0),
      };
    },
  };
}

const scalar = (value: number): Tensor => tensor('float32', [], new Float32Array([value]));

/** A dropout mask that is filled in place: zeros where values are dropped, else 1 / (1 - ratio). */
function createMask({ input, dims, ratio }: DropoutMask, seed: number) {
  const mask = tensor('float32', dims, new Float32Array(elementCount(dims)));
  return {
    input,
    fill(step: number, layer: number): Tensor {
      const random = createRandom(seed, purposes.dropout, step, layer);
      const kept = 1 / (1 - ratio);
      for (let at = 0; at < mask.data.length; at++) {
        mask.data[at] = random.next() < ratio ? 0 : kept;
      }
      return mask;
    },
  };
}
