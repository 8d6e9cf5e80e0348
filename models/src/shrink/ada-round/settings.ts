import { FleetError } from '@edgewise/protocol';
import { weightsAtOnce } from './channel-blocks.ts';

/** How rounding is learned; every number has a default that suits most networks. */
export interface AdaRoundSettings {
  /** Steps of gradient descent for each layer; default 1000. */
  readonly steps?: number;
  /** Learning rate (of Adam) at the start; default 0.1. */
  readonly rate?: number;
  /** Weight of the term that drives every weight to a decision; default 1. */
  readonly regularisation?: number;
  /** Names the random choice of feature map positions; default 1. */
  readonly seed?: number;
  /**
   * Weights of a layer that are learned at once, in whole output channels; default 2^21. Each takes
   * about 128 bytes meanwhile. What is learned depends on it only by how an engine orders its sums.
   */
  readonly weightsAtOnce?: number;
}

/** All of them. */
export type CompleteSettings = Required<AdaRoundSettings>;

/**
 * The settings with their defaults. Throws `FleetError` `invalid-argument` for a number that is not
 * in its range.
 */
export function completeSettings(given: AdaRoundSettings): CompleteSettings {
  const defaults = { steps: 1000, rate: 0.1, regularisation: 1, seed: 1, weightsAtOnce };
  const settings = { ...defaults, ...given };
  const { steps, rate, regularisation, seed } = settings;
  if (!Number.isInteger(steps) || steps < 1 || steps > 1_000_000) {
    throw refused('steps', steps, 'a whole number from 1 to 1,000,000');
  }
  if (!(rate > 0 && rate <= 10)) throw refused('rate', rate, 'above 0 and at most 10');
  if (!(regularisation > 0 && regularisation <= 1000)) {
    throw refused('regularisation', regularisation, 'above 0 and at most 1000');
  }
  if (!Number.isSafeInteger(seed)) throw refused('seed', seed, 'a whole number');
  if (!Number.isSafeInteger(settings.weightsAtOnce) || settings.weightsAtOnce < 1) {
    throw refused('number of weights at once', settings.weightsAtOnce, 'a whole number from 1 on');
  }
  return settings;
}

function refused(name: string, given: number, wanted: string): FleetError {
  return new FleetError('invalid-argument', `The ${name} of AdaRound is ${given}, not ${wanted}.`);
}
