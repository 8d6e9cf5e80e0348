/** Which epoch was best and when to stop: told from the history alone, so that a resumed training decides the same. */
import type { EpochMetrics } from './checkpoint.ts';
import type { Recipe } from './recipe.ts';

/** The part of a recipe that judges epochs. */
export type Judgement = Pick<Recipe, 'monitor' | 'earlyStopping'>;

/** The epoch with the best validation score, the earliest of equals; -1 without validation. */
export function bestEpoch(history: readonly EpochMetrics[], judgement: Judgement): number {
  let best = -1;
  let height = Number.NEGATIVE_INFINITY;
  for (const metrics of history) {
    const score = scoreOf(metrics, judgement);
    if (score > height) [best, height] = [metrics.epoch, score];
  }
  return best;
}

/**
 * Whether the validation score has not risen by `minImprovement` over the best before it for
 * `patience` epochs.
 */
export function hasStopped(history: readonly EpochMetrics[], judgement: Judgement): boolean {
  const { earlyStopping } = judgement;
  if (earlyStopping === undefined) return false;
  const { patience, minImprovement = 0 } = earlyStopping;
  let height = Number.NEGATIVE_INFINITY;
  let waited = 0;
  for (const metrics of history) {
    const score = scoreOf(metrics, judgement);
    if (score > height + minImprovement) [height, waited] = [score, 0];
    else waited++;
  }
  return waited >= patience;
}

/** Larger is better. */
function scoreOf({ validation }: EpochMetrics, { monitor = 'loss' }: Judgement): number {
  if (validation === undefined) return Number.NEGATIVE_INFINITY;
  return monitor === 'loss' ? -validation.loss : validation.accuracy;
}
