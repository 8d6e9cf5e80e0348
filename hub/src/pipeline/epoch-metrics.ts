import { bestEpoch, type EpochMetrics, type ModelRecipe } from '@edgewise/models/train';
import type { Metric } from '@edgewise/protocol/http';

/** Turns the ends of epochs, told in their order, into points of a learning curve. */
export type EpochTeller = (end: EpochMetrics, at: Pick<Metric, 'step' | 'epoch'>) => Metric;

/** Starts before the first epoch of a training; an epoch that is the best until then, as the recipe judges, says so. */
export function createEpochTeller(recipe: Pick<ModelRecipe, 'monitor'>): EpochTeller {
  const history: EpochMetrics[] = [];
  return (end, at) => {
    history.push(end);
    const { loss, accuracy: trainingAccuracy, validation } = end;
    const isBest = validation !== undefined && bestEpoch(history, recipe) === end.epoch;
    return {
      ...{ ...at, loss, trainingAccuracy },
      ...(validation && { accuracy: validation.accuracy, validationLoss: validation.loss }),
      ...(isBest && { best: true as const }),
    };
  };
}
