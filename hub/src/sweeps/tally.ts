import { rankedTrials, type SweepTally, type Trial } from '@edgewise/protocol/http';
import type { Rung } from './rungs.ts';

const ended: ReadonlySet<Trial['status']> = new Set(['done', 'stopped', 'failed']);
/** Those that no later round waits for. */
const gone: ReadonlySet<Trial['status']> = new Set(['stopped', 'failed', 'canceled']);

/** How far trials are, for those who do not see each of them. Pure. */
export function tallyOf(trials: readonly Trial[], rungs: readonly Rung[]): SweepTally {
  const at = Math.min(roundOf(trials), rungs.length - 1);
  const isFinished = ({ status, results }: Trial) =>
    results.length > at || (status === 'failed' && results.length === at);
  const [leader] = rankedTrials(trials.filter(({ status }) => status !== 'failed'));
  const found = leader?.results.at(-1);
  return {
    ended: trials.filter(({ status }) => ended.has(status)).length,
    failed: trials.filter(({ status }) => status === 'failed').length,
    round: at + 1,
    finished: trials.filter(isFinished).length,
    leader: leader && found ? { trial: leader.number, accuracy: found.accuracy } : null,
  };
}

/** The round that trials are in, from 0; where all have gone, the one that the furthest has finished. */
function roundOf(trials: readonly Trial[]): number {
  const left = trials.filter(({ status }) => !gone.has(status));
  if (left.length > 0) return Math.min(...left.map(({ results }) => results.length));
  return Math.max(0, Math.max(0, ...trials.map(({ results }) => results.length)) - 1);
}
