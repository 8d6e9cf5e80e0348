import type { LiveEvent, ModelVersion, Run } from '@edgewise/protocol/http';
import type { Client } from '../client/client.ts';
import { follow, succeeded } from './follow.ts';
import { bar, type Io, percent } from './io.ts';

/**
 * Shows a run until it ends. Rejects with `canceled` when the person leaves, and with the run's own
 * error where it ended without success.
 */
export async function followToEnd(client: Client, io: Io, { id }: Run): Promise<Run> {
  // Where lines stay, one for each tenth of a step is enough.
  let shown = '';
  let engine = '';
  const ended = await follow(client, io, {
    ...{ look: () => client.call('getRun', { params: { run: id } }), isOver, applied },
    show(run) {
      const said = engineText(run);
      if (said !== engine) io.note(said);
      engine = said;
      const tenth = `${run.step} ${Math.floor(run.progress * 10)}`;
      if (io.interactive || tenth !== shown) io.progress(progressOf(run));
      shown = tenth;
    },
    left: `You left; run ${id} goes on at the hub. "edgewise runs cancel ${id}" ends it.`,
  });
  return succeeded('Run', ended);
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
