import { rankedTrials, type Sweep, type Trial, type TrialCurve } from '@edgewise/protocol/http';
import type { Badge } from '../../components/state-badge.tsx';

/** A trial as a row of the table. */
export interface TrialRow {
  readonly trial: Trial;
  /** From 1, the best. */
  readonly rank: number;
  /** Accuracy on the validation part after its last round, 0 to 1. */
  readonly score: number | undefined;
  readonly loss: number | undefined;
  /** Trained so far, those of an unfinished round among them. */
  readonly epochs: number;
  readonly isBest: boolean;
}

/** Trials from the best, in the hub's own order. */
export function trialRows(sweep: Sweep, curves: readonly TrialCurve[]): readonly TrialRow[] {
  const best = bestOf(sweep);
  const seen = new Map(curves.map(({ trial, metrics }) => [trial, metrics.at(-1)?.epoch ?? 0]));
  return rankedTrials(sweep.trials).map((trial, index) => {
    const found = trial.results.at(-1);
    return {
      ...{ trial, rank: index + 1, score: found?.accuracy, loss: found?.loss },
      epochs: Math.max(found?.epochs ?? 0, seen.get(trial.number) ?? 0),
      isBest: trial.number === best,
    };
  });
}

/** Number of the trial that was chosen, or of the one that leads. */
export function bestOf({ best, tally }: Sweep): number | undefined {
  return best ?? tally?.leader?.trial;
}

/** Share of the epochs that a sweep trains in all, counted by trials that have finished their round; 0 to 1. */
export function workDone({ rungs, tally }: Pick<Sweep, 'rungs' | 'tally'>): number {
  const { round = 1, finished = 0 } = tally ?? {};
  let [done, all] = [0, 0];
  for (const [at, { trials, epochs }] of rungs.entries()) {
    const own = epochs - (rungs[at - 1]?.epochs ?? 0);
    all += trials * own;
    if (at + 1 < round) done += trials * own;
    if (at + 1 === round) done += Math.min(finished, trials) * own;
  }
  return all === 0 ? 0 : done / all;
}

/** Whether anything of a sweep can still change. */
export function isOpen({ status }: Sweep): boolean {
  return status === 'queued' || status === 'running';
}

/** How a trial is to be seen; one that others beat is neither well nor bad. */
export const trialLevels = {
  waiting: 'unknown',
  running: 'busy',
  paused: 'unknown',
  stopped: 'unknown',
  done: 'well',
  failed: 'act',
  canceled: 'unknown',
} as const satisfies Record<Trial['status'], Badge>;
