import type { Ledger } from './ledger.ts';
import { planSweep, type SweepStep } from './plan.ts';
import { type TrialWork, workTrial } from './work-trial.ts';

/** How all trials ended; `interrupted`: the signal came first. */
export type Conducted =
  | { readonly kind: 'chosen'; readonly trial: number }
  | { readonly kind: 'given-up' }
  | { readonly kind: 'interrupted' };

/**
 * Plans and acts until a trial is chosen or none is left, with so many workers at once. Rejects with
 * `disk-full`, and with what keeps results from being written down.
 */
export async function conduct(
  work: TrialWork,
  options: { readonly workers: number; readonly signal: AbortSignal },
): Promise<Conducted> {
  const { ledger } = work;
  const halt = new AbortController();
  const signal = AbortSignal.any([options.signal, halt.signal]);
  const running = new Map<number, Promise<void>>();
  try {
    while (!signal.aborted) {
      const steps = planSweep(ledger.trials(), ledger.sweep().rungs);
      const isJudgement = steps[0]?.kind !== 'train';
      // What is under way may still write: rounds are judged when all is quiet.
      if (!isJudgement) startTrials(steps, { work, running, workers: options.workers, signal });
      else if (running.size === 0) {
        const end = endOf(steps);
        if (end !== undefined) return end;
        await stopLosers(steps, ledger);
      }
      if (running.size > 0) await Promise.race(running.values());
      await ledger.forgetCheckpoints();
    }
  } finally {
    halt.abort();
    await Promise.allSettled(running.values());
  }
  return { kind: 'interrupted' };
}

/** Starts trials in their order, as long as there are workers. */
function startTrials(
  steps: readonly SweepStep[],
  { work, running, workers, signal }: Starting,
): void {
  for (const step of steps) {
    if (step.kind !== 'train' || running.has(step.trial) || running.size >= workers) continue;
    const { trial: number, epochs } = step;
    const trial = workTrial({ number, epochs }, work, signal);
    running.set(
      number,
      trial.finally(() => running.delete(number)),
    );
  }
}

interface Starting {
  readonly work: TrialWork;
  /** By number. */
  readonly running: Map<number, Promise<void>>;
  readonly workers: number;
  readonly signal: AbortSignal;
}

function endOf(steps: readonly SweepStep[]): Conducted | undefined {
  const [first] = steps;
  if (first?.kind === 'choose') return { kind: 'chosen', trial: first.trial };
  return first?.kind === 'give-up' ? { kind: 'given-up' } : undefined;
}

async function stopLosers(steps: readonly SweepStep[], ledger: Ledger): Promise<void> {
  for (const step of steps) {
    if (step.kind !== 'stop') continue;
    await ledger.changeTrial(step.trial, (record) => ({
      ...record,
      trial: { ...record.trial, status: 'stopped' },
    }));
  }
}
