import { FleetError } from '@edgewise/protocol';
import type { LiveEvent, ModelVersion, Run } from '@edgewise/protocol/http';
import type { Client } from '../client/client.ts';
import { endWhen } from './end-when.ts';
import { bar, type Io, percent } from './io.ts';

/**
 * Shows a run until it ends. Rejects with `canceled` when the person leaves, and with the run's own
 * error where it ended without success.
 */
export async function followToEnd(client: Client, io: Io, started: Run): Promise<Run> {
  const ended = new AbortController();
  const signal = AbortSignal.any([io.signal, ended.signal]);
  const look = () => client.call('getRun', { params: { run: started.id } });
  let run = await look();
  const onOpen = () => endWhen(look, isOver, ended);
  const events = client.events({ signal, onOpen });
  // Where lines stay, one for each tenth of a step is enough.
  let shown = '';
  let engine = '';
  for await (const event of events) {
    run = applied(run, event);
    const said = engineText(run);
    if (said !== engine) io.note(said);
    engine = said;
    const tenth = `${run.step} ${Math.floor(run.progress * 10)}`;
    if (io.interactive || tenth !== shown) io.progress(progressOf(run));
    shown = tenth;
    if (isOver(run)) ended.abort();
  }
  if (io.signal.aborted)
    throw new FleetError(
      'canceled',
      `You left; run ${run.id} goes on at the hub. "edgewise runs cancel ${run.id}" ends it.`,
    );
  const done = await look();
  if (done.status === 'done') return done;
  throw new FleetError(
    done.error?.code ?? 'canceled',
    done.error?.detail ?? `Run ${done.id} is ${done.status}.`,
  );
}

/** Shows a run until it ends; resolves to its version or rejects with why there is none. */
export async function followRun(client: Client, io: Io, started: Run): Promise<ModelVersion> {
  const { model, version } = await followToEnd(client, io, started);
  return await client.call('getVersion', { params: { model, version: String(version) } });
}

/** Only a trainer that was asked for is worth a line. */
function engineText({ trainer }: Run): string {
  if (trainer === undefined || trainer.trainer === 'onnx') return '';
  return `Trained by ${trainer.library}: ${trainer.reason}`;
}

const isOver = (run: Run): boolean => run.status !== 'queued' && run.status !== 'running';

function applied(run: Run, event: LiveEvent): Run {
  if (event.kind === 'run' && event.run.id === run.id)
    return { ...event.run, metrics: run.metrics };
  if (event.kind === 'metric' && event.run === run.id)
    return { ...run, metrics: [...run.metrics, event.metric] };
  return run;
}

function progressOf(run: Run): string {
  const metric = run.step === 'train' ? run.metrics.at(-1) : undefined;
  // Accuracy is measured once an epoch, loss more often.
  const accuracy = run.metrics.findLast((each) => each.accuracy !== undefined)?.accuracy;
  const figures = metric
    ? `loss ${metric.loss.toFixed(4)}${accuracy === undefined ? '' : `, accuracy ${percent(accuracy)}`}`
    : '';
  const speed =
    metric === undefined || run.imagesPerSecond === null
      ? ''
      : `${Math.round(run.imagesPerSecond)} samples/s`;
  return `${(run.step ?? run.status).padEnd(13)} ${bar(run.progress)} ${figures} ${speed}`.trimEnd();
}
