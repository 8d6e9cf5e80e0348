import { rankedTrials, type Trial } from '@edgewise/protocol/http';

/**
 * The trials, by number, whose checkpoints something may still go on from: those that are not over, and
 * the best of those that have done every round, from which its run goes on. Pure.
 */
export function usefulCheckpoints(trials: readonly Trial[]): ReadonlySet<number> {
  const open = trials.filter(({ status }) => !over.has(status));
  const [best] = rankedTrials(trials.filter(({ status }) => status === 'done'));
  return new Set([...open, ...(best === undefined ? [] : [best])].map(({ number }) => number));
}

const over: ReadonlySet<Trial['status']> = new Set(['done', 'stopped', 'failed', 'canceled']);
