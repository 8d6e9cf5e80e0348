import { FleetError } from '@edgewise/protocol';
import type { LiveEvent, ModelVersion, Run } from '@edgewise/protocol/http';
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { bar, type Io, percent, sizeOf, wholeNumber } from '../io.ts';
import { readNamedFile } from '../named-file.ts';

interface TrainOptions extends HubOptions {
  readonly dataset: string;
  readonly recipe: string;
  readonly seed?: string;
}

/** `edgewise train MODEL`: a run from recipe to signed bundle, followed to its end. */
export function addTrain(program: Command, io: Io): void {
  withHub(
    program
      .command('train <model>')
      .description('train, shrink to int8, evaluate and package a new version')
      .requiredOption('--dataset <name>', 'data set to train on')
      .requiredOption('--recipe <file>', 'recipe, a JSON file')
      .option('--seed <number>', 'seed of weights and data order; default the recipe decides')
      .addHelpText(
        'after',
        '\nThe run goes on at the hub when you leave with Ctrl-C. The same recipe, data and seed give the same bytes.\n\nExample:\n  edgewise train digits --dataset digits --recipe models/recipes/digits.json',
      ),
  ).action(async (model: string, options: TrainOptions) => {
    const client = clientOf(options);
    await client.call('putModel', {
      params: { model },
      body: {
        dataset: options.dataset,
        recipe: parseRecipe(await readNamedFile(io, options.recipe), options.recipe),
      },
    });
    const started = await client.call('startRun', {
      body: {
        model,
        ...(options.seed !== undefined && { seed: wholeNumber('--seed', options.seed) }),
      },
    });
    const version = await followRun(client, io, started);
    answer(io, options, version, versionText);
  });
}

function parseRecipe(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new FleetError(
      'malformed',
      `${file} is not JSON: ${cause instanceof Error ? cause.message : ''}.`,
      { cause },
    );
  }
}

/** Shows a run until it ends; resolves to its version or rejects with why there is none. */
export async function followRun(client: Client, io: Io, started: Run): Promise<ModelVersion> {
  const ended = new AbortController();
  const signal = AbortSignal.any([io.signal, ended.signal]);
  const events = client.events({ signal });
  let run = await client.call('getRun', { params: { run: started.id } });
  if (isOver(run)) ended.abort();
  for await (const event of events) {
    run = applied(run, event);
    io.progress(progressOf(run));
    if (isOver(run)) ended.abort();
  }
  if (io.signal.aborted)
    throw new FleetError('canceled', `You left; run ${run.id} goes on at the hub.`);
  const done = await client.call('getRun', { params: { run: started.id } });
  if (done.status !== 'done' || done.version === null) {
    throw new FleetError(
      done.error?.code ?? 'canceled',
      done.error?.detail ?? `Run ${done.id} is ${done.status}.`,
    );
  }
  return await client.call('getVersion', {
    params: { model: done.model, version: String(done.version) },
  });
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
  const metric = run.metrics.at(-1);
  const figures = metric
    ? `loss ${metric.loss.toFixed(4)}${metric.accuracy === undefined ? '' : `, accuracy ${percent(metric.accuracy)}`}`
    : '';
  const speed = run.imagesPerSecond === null ? '' : `${Math.round(run.imagesPerSecond)} samples/s`;
  return `${(run.step ?? run.status).padEnd(13)} ${bar(run.progress)} ${figures} ${speed}`.trimEnd();
}

/** A version in a few lines. */
export function versionText(version: ModelVersion): string {
  const { fp32 } = version;
  return [
    `${version.model} ${version.version}: gate ${version.gate.verdict}`,
    `  fp32  accuracy ${percent(fp32.accuracy)}, ${sizeOf(fp32.graphBytes)}`,
    ...version.variants.map(
      (variant) =>
        `  int8  accuracy ${percent(variant.accuracy)}, ${sizeOf(variant.graphBytes)} (bundle ${sizeOf(variant.bundleBytes)}) for ${variant.deviceClass}`,
    ),
    ...version.gate.checks.map(({ ok, sentence }) => `  ${ok ? 'ok  ' : 'FAIL'}  ${sentence}`),
    `Roll it out with "edgewise rollout ${version.model} ${version.version}".`,
  ].join('\n');
}
