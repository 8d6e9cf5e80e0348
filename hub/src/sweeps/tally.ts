import { rankedTrials, type SweepTally, type Trial } from '@edgewise/protocol/http';
import type { Rung } from './rungs.ts';

const ended: ReadonlySet<Trial['status']> = new Set(['done', 'stopped', 'failed']);
/** Those that no later round waits for. */
const gone: ReadonlySet<Trial['status']> = new Set(['stopped', 'failed', 'canceled']);

/** How far trials are, for those who do not see each of them. Pure. */
export function tallyOf(trials: readonly Trial[], rungs: readonly Rung[]): SweepTally {
  const failed = trials.filter(({ status }) => status === 'failed');
  const left = trials.filter(({ status }) => !gone.has(status));
  // Where all have gone, the furthest tells how far the rounds came.
  const done =
    left.length > 0
      ? Math.min(...left.map(({ results }) => results.length))
      : Math.max(0, ...trials.map(({ results }) => results.length)) - 1;
  const [leader] = rankedTrials(trials.filter(({ status }) => status !== 'failed'));
  const found = leader?.results.at(-1);
  return {
    ended: trials.filter(({ status }) => ended.has(status)).length,
    failed: failed.length,
    round: Math.min(Math.max(0, done) + 1, rungs.length),
    leader: leader && found ? { trial: leader.number, accuracy: found.accuracy } : null,
  };
}
