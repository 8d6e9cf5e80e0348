import { FleetError } from '@edgewise/protocol';
import type { LiveEvent, Sweep, Trial } from '@edgewise/protocol/http';
import type { Client } from '../client/client.ts';
import { endWhen } from './end-when.ts';
import { bar, type Io, percent } from './io.ts';
import { parametersText } from './sweep-table.ts';

/**
 * Shows a sweep until it ends. Rejects with `canceled` when the person leaves, and with the sweep's
 * own error where no trial came through.
 */
export async function followSweep(client: Client, io: Io, started: Sweep): Promise<Sweep> {
  const ended = new AbortController();
  const signal = AbortSignal.any([io.signal, ended.signal]);
  const look = () => client.call('getSweep', { params: { sweep: started.id } });
  let sweep = await look();
  const events = client.events({ signal, onOpen: () => endWhen(look, isOver, ended) });
  for await (const event of events) {
    if (event.kind === 'trial' && event.sweep === sweep.id) {
      noteFound(io, sweep, event.trial);
    }
    sweep = applied(sweep, event);
    if (io.interactive) io.progress(progressOf(sweep));
    if (isOver(sweep)) ended.abort();
  }
  if (io.signal.aborted)
    throw new FleetError(
      'canceled',
      `You left; sweep ${sweep.id} goes on at the hub. "edgewise sweeps cancel ${sweep.id}" ends it.`,
    );
  const done = await look();
  if (done.status === 'done') return done;
  throw new FleetError(
    done.error?.code ?? 'canceled',
    done.error?.detail ?? `Sweep ${done.id} is ${done.status}.`,
  );
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
function noteFound(io: Io, sweep: Sweep, trial: Trial): void {
  const before = sweep.trials.find(({ number }) => number === trial.number);
  const name = `Trial ${trial.number} (${parametersText(trial)})`;
  if (trial.error !== null && before?.error === null)
    io.note(`${name} failed: ${trial.error.detail}`);
  const found = trial.results.at(-1);
  if (found === undefined || trial.results.length === before?.results.length) return;
  io.note(`${name}: accuracy ${percent(found.accuracy)} after ${found.epochs} epochs`);
}

function progressOf({ trials }: Sweep): string {
  const over = trials.filter(({ status }) => status === 'done' || status === 'stopped').length;
  const running = trials
    .filter(({ status }) => status === 'running')
    .map(({ number, progress }) => `${number} ${bar(progress)}`);
  return `${over} of ${trials.length} trials  ${running.join('  ')}`.trimEnd();
}
