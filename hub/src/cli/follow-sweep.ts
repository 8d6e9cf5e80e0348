import type { LiveEvent, Sweep, Trial } from '@edgewise/protocol/http';
import type { Client } from '../client/client.ts';
import { follow, succeeded } from './follow.ts';
import { bar, type Io, percent } from './io.ts';
import { parametersText } from './sweep-table.ts';

/**
 * Shows a sweep until it ends. Rejects with `canceled` when the person leaves, and with the sweep's
 * own error where no trial came through.
 */
export async function followSweep(client: Client, io: Io, { id }: Sweep): Promise<Sweep> {
  const ended = await follow(client, io, {
    ...{ look: () => client.call('getSweep', { params: { sweep: id } }), isOver, applied },
    show(sweep, before) {
      for (const [at, trial] of sweep.trials.entries()) noteFound(io, trial, before.trials[at]);
      if (io.interactive) io.progress(progressOf(sweep));
    },
    left: `You left; sweep ${id} goes on at the hub. "edgewise sweeps cancel ${id}" ends it.`,
  });
  return succeeded('Sweep', ended);
}

const isOver = ({ status }: Sweep): boolean => status !== 'queued' && status !== 'running';

function applied(sweep: Sweep, event: LiveEvent): Sweep {
  if (event.kind === 'sweep' && event.sweep.id === sweep.id)
    return { ...event.sweep, trials: sweep.trials };
  if (event.kind !== 'trial' || event.sweep !== sweep.id) return sweep;
  const { trial } = event;
  return {
    ...sweep,
    trials: sweep.trials.map((each) => (each.number === trial.number ? trial : each)),
  };
}

/** A line for every result and every failure, once. */
function noteFound(io: Io, trial: Trial, before: Trial | undefined): void {
  if (trial === before) return;
  const name = `Trial ${trial.number} (${parametersText(trial)})`;
  if (trial.error !== null && before?.error === null)
    io.note(`${name} failed: ${trial.error.detail}`);
  const found = trial.results.at(-1);
  if (found === undefined || trial.results.length === before?.results.length) return;
  io.note(`${name}: accuracy ${percent(found.accuracy)} after ${found.epochs} epochs`);
}

function progressOf({ status, trials }: Sweep): string {
  if (status === 'queued') return 'It waits for the sweep before it.';
  const count = trials.filter((trial) => over.has(trial.status)).length;
  const running = trials
    .filter((trial) => trial.status === 'running')
    .map(({ number, progress }) => `${number} ${bar(progress)}`);
  return `${count} of ${trials.length} trials  ${running.join('  ')}`.trimEnd();
}

const over: ReadonlySet<Trial['status']> = new Set(['done', 'stopped', 'failed']);
