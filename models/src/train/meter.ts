import type { Checkpoint, EpochMetrics } from './checkpoint.ts';
import type { Evaluation } from './evaluate.ts';
import type { StepResult } from './stepper.ts';

/** Sums up what steps report. */
export interface Meter {
  count(result: StepResult, elapsedMs: number): void;
  imagesPerSecond(): number;
  /** Ends the epoch and returns its metrics. */
  closeEpoch(epoch: {
    readonly learningRate: number;
    readonly validation: Evaluation | undefined;
  }): EpochMetrics;
  /** The part of a checkpoint that the meter keeps. */
  snapshot(): Pick<Checkpoint, 'history' | 'running'>;
}

/** Starts at zero, or where a checkpoint left off. */
export function createMeter(
  batchSize: number,
  stepsPerEpoch: number,
  from?: Pick<Checkpoint, 'history' | 'running'>,
): Meter {
  const history = [...(from?.history ?? [])];
  let { loss, correct } = from?.running ?? { loss: 0, correct: 0 };
  let images = 0;
  let spentMs = 0;
  return {
    count(result, elapsedMs) {
      loss += result.loss;
      correct += result.correct;
      images += batchSize;
      spentMs += elapsedMs;
    },
    imagesPerSecond: () => (spentMs === 0 ? 0 : (1000 * images) / spentMs),
    closeEpoch({ learningRate, validation }) {
      const metrics: EpochMetrics = {
        epoch: history.length,
        loss: loss / stepsPerEpoch,
        accuracy: correct / (stepsPerEpoch * batchSize),
        learningRate,
        ...(validation === undefined ? {} : { validation }),
      };
      history.push(metrics);
      [loss, correct] = [0, 0];
      return metrics;
    },
    snapshot: () => ({ history: [...history], running: { loss, correct } }),
  };
}
