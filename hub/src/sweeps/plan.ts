import { rankedTrials, type Trial } from '@edgewise/protocol/http';
import type { Rung } from './rungs.ts';

/** What is to be done for a sweep. */
export type SweepStep =
  /** Train a trial up to so many epochs in all. */
  | { readonly kind: 'train'; readonly trial: number; readonly epochs: number }
  /** Others of its round were better. */
  | { readonly kind: 'stop'; readonly trial: number }
  /** Every round is done; the best goes through the pipeline. */
  | { readonly kind: 'choose'; readonly trial: number }
  /** No trial is left. */
  | { readonly kind: 'give-up' };

const gone: ReadonlySet<Trial['status']> = new Set(['stopped', 'failed', 'canceled']);

/**
 * The next steps of a sweep, told from what its trials have found alone: the same after a restart.
 * A round is judged when all that are left in it have finished; the steps to train come in the order
 * of the trials, for as many workers as there are. Pure.
 */
export function planSweep(trials: readonly Trial[], rungs: readonly Rung[]): readonly SweepStep[] {
  const left = trials.filter(({ status }) => !gone.has(status));
  const round = Math.min(...left.map(({ results }) => results.length));
  if (left.length === 0) return [{ kind: 'give-up' }];
  const [best] = rankedTrials(left);
  const rung = rungs[round];
  if (rung === undefined) return best === undefined ? [] : [{ kind: 'choose', trial: best.number }];
  const dropped = round === 0 ? [] : losers(left, { round, keep: rung.trials });
  if (dropped.length > 0) return dropped.map(({ number }) => ({ kind: 'stop', trial: number }));
  return left
    .filter(({ results }) => results.length === round)
    .map(({ number }) => ({ kind: 'train', trial: number, epochs: rung.epochs }));
}

/** Those that a finished round leaves behind; none while any has gone on already. */
function losers(
  left: readonly Trial[],
  { round, keep }: { readonly round: number; readonly keep: number },
): readonly Trial[] {
  const hasGoneOn = left.some(({ results }) => results.length > round);
  return hasGoneOn ? [] : rankedTrials(left).slice(keep);
}
