import { type TrainerName, trainerNames } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { ModelVersion, RouteArgs, Routes, Run, SweepSpec } from '@edgewise/protocol/http';
import { type Command, Option } from 'commander';
import type { Client } from '../../client/client.ts';
import { heldOutEvery } from '../../pipeline/training-data.ts';
import { withImportedBase } from '../base-model.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { followRun } from '../follow-run.ts';
import { followSweep } from '../follow-sweep.ts';
import { exitCodes, type Io, percent, sizeOf, wholeNumber } from '../io.ts';
import { readNamedFile } from '../named-file.ts';
import { keptRecipe, registeredModel } from '../registered-model.ts';
import { readSweep, sweepExample } from '../sweep-file.ts';
import { sweepTable } from '../sweep-table.ts';
import { buildForOption, type PolicyFlags, policiesOf, predictionsOption } from './policies.ts';

interface TrainOptions extends HubOptions, PolicyFlags {
  readonly dataset?: string;
  readonly recipe?: string;
  readonly from?: string;
  readonly sweep?: string;
  readonly seed?: string;
  readonly trainer?: TrainerName;
}

const help = `
The run goes on at the hub when you leave with Ctrl-C. The same recipe, data and seed give the same bytes.

A recipe with a "base" instead of layers puts a new head on a float classifier and trains what "base.freeze"
leaves free.

A sweep tries changes of the recipe, ranks them by the validation part, and makes a version of the best. Its methods
are grid (every combination), random and halving (random, the worse are dropped early); the test part is kept for the
winner. Parameters are places in the recipe; what is varied must be written there:
  ${sweepExample}
"edgewise sweeps" shows what was found.

A recipe with "quantization": {"weightBits": 4, "epochs": 1} trains on for few bits.

A model that was trained before is trained again, on the data of today, without naming data set and recipe.

Examples:
  edgewise train digits --dataset digits --recipe models/recipes/digits.json
  edgewise train digits
  edgewise train pumps --dataset pumps --recipe models/recipes/vectors.json --predictions qos0
  edgewise train parts --dataset parts --recipe models/recipes/tune.json --from mobilenet.onnx
  edgewise train letters --dataset letters --recipe tune.json --from digits@3
  edgewise train digits --dataset digits --recipe models/recipes/digits.json --sweep models/recipes/digits-sweep.json`;

/** `edgewise train MODEL`: a run from recipe to signed bundle, followed to its end. */
export function addTrain(program: Command, io: Io): void {
  withHub(
    program
      .command('train <model>')
      .description('train, shrink to int8, evaluate and package a new version')
      .option('--dataset <name>', 'data set to train on; default that of the model')
      .option('--recipe <file>', 'recipe, a JSON file; default that of the model')
      .option(
        '--from <model>',
        'ONNX file or MODEL@VERSION to train further; default the file "base.model" of the recipe',
      )
      .option(
        '--sweep <file>',
        'try changes of the recipe first, a JSON file; the best one is trained',
      )
      .addOption(predictionsOption())
      .addOption(buildForOption())
      .addOption(
        new Option(
          '--trainer <name>',
          'what trains; default the recipe decides, else onnx',
        ).choices([...trainerNames]),
      )
      .option('--seed <number>', 'seed of weights and data order; default the recipe decides')
      .addHelpText('after', help),
  ).action(async (model: string, options: TrainOptions) => {
    const client = clientOf(options);
    const sweep = options.sweep === undefined ? undefined : await sweepOf(io, options.sweep);
    const seed = options.seed === undefined ? {} : { seed: wholeNumber('--seed', options.seed) };
    const { dataset, recipe } = await madeFrom(client, io, { ...options, model });
    // In one request: what is refused leaves no model behind.
    const body = { model, register: { dataset, recipe, policies: policiesOf(options) }, ...seed };
    await noteParts(client, io, { dataset, recipe, isSweep: sweep !== undefined });
    const started =
      sweep === undefined
        ? await client.call('startRun', { body })
        : await bestOf(client, io, { ...body, sweep });
    const version = await followRun(client, io, started);
    answerVersion(io, options, version);
  });
}

/** What the sweep asks for; the hub checks it against the recipe. */
async function sweepOf(io: Io, file: string): Promise<SweepSpec> {
  return readSweep(parseJson(await readNamedFile(io, file), file), file);
}

/** Runs a sweep and prints its table; resolves to the run of the best trial. */
async function bestOf(
  client: Client,
  io: Io,
  body: RouteArgs<Routes['startSweep']>['body'],
): Promise<Run> {
  const started = await client.call('startSweep', { body });
  io.note(`Sweep ${started.id}: ${started.trials.length} trials, judged by the validation part.`);
  const done = await followSweep(client, io, started);
  io.note(sweepTable(done));
  return await client.call('getRun', { params: { run: done.run ?? '' } });
}

/** Data set and recipe as the options name and complete them; what they leave out is that of the model. */
async function madeFrom(
  client: Client,
  io: Io,
  options: TrainOptions & { readonly model: string },
): Promise<{ readonly dataset: string; readonly recipe: unknown }> {
  const { model, recipe: file, from, trainer } = options;
  const isNamed = options.dataset !== undefined && file !== undefined;
  const known = isNamed ? undefined : await registeredModel(client, model);
  const { dataset = known?.dataset ?? '' } = options;
  const document = file === undefined ? undefined : parseJson(await readNamedFile(io, file), file);
  const recipe = withTrainer(document ?? (known && (await keptRecipe(client, known))), trainer);
  return {
    dataset,
    recipe: await withImportedBase(client, io, { recipe, file: file ?? '', from }),
  };
}

interface Noted {
  readonly dataset: string;
  readonly recipe: unknown;
  readonly isSweep: boolean;
}

/** Says what stands in for parts that a data set lacks. */
async function noteParts(
  client: Client,
  io: Io,
  { dataset, recipe, isSweep }: Noted,
): Promise<void> {
  const counts = (await client.call('listDatasets')).find(({ id }) => id === dataset)?.counts;
  if (counts?.validation === 0) {
    io.note(`"${dataset}" has no validation part: ${lentOf(recipe)} held out for it.`);
  }
  if (counts?.test === 0) {
    const flatters = isSweep ? ', by which the sweep chooses: it flatters' : '';
    io.note(`"${dataset}" has no test part: accuracy is that on the validation part${flatters}.`);
  }
}

/** Which training samples stand in for a validation part. */
function lentOf(recipe: unknown): string {
  const share =
    typeof recipe === 'object' && recipe !== null && 'validationSplit' in recipe
      ? recipe.validationSplit
      : undefined;
  return typeof share === 'number'
    ? `${percent(share)} of the training samples are`
    : `every ${heldOutEvery}th training sample is`;
}

function parseJson(bytes: Uint8Array, file: string): unknown {
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

/** The recipe, trained by what the command line says. Throws `invalid-argument` for tfjs and a base. */
function withTrainer(recipe: unknown, trainer: TrainerName | undefined): unknown {
  if (trainer === undefined || typeof recipe !== 'object' || recipe === null) return recipe;
  if (!('base' in recipe)) return { ...recipe, trainer };
  if (trainer === 'onnx') return recipe;
  throw new FleetError(
    'invalid-argument',
    `Imported models are trained further by onnx alone; leave --trainer ${trainer} out.`,
  );
}

/** Prints a new version; one that failed its gate ends the command with `refused`. */
export function answerVersion(io: Io, options: HubOptions, version: ModelVersion): void {
  answer(io, options, version, versionText);
  if (version.gate.verdict === 'fail') io.setExitCode(exitCodes.refused);
}

function variantLines(variant: ModelVersion['variants'][number]): string[] {
  const { accuracy, graphBytes, bundleBytes, deviceClass, scheme, reason } = variant;
  const sizes = `${sizeOf(graphBytes)} (bundle ${sizeOf(bundleBytes)})`;
  return [
    `  int8  accuracy ${percent(accuracy)}, ${sizes} for ${deviceClass}${scheme === null ? '' : ` as ${scheme}`}`,
    ...(reason === null ? [] : [`        ${reason}`]),
  ];
}

/** A version in a few lines. */
function versionText(version: ModelVersion): string {
  const { fp32 } = version;
  return [
    `${version.model} ${version.version}: gate ${version.gate.verdict}`,
    ...(version.base === undefined ? [] : [`  from  model ${version.base.slice(0, 12)}`]),
    `  fp32  accuracy ${percent(fp32.accuracy)}, ${sizeOf(fp32.graphBytes)}`,
    ...version.variants.flatMap(variantLines),
    ...version.gate.checks.map(({ ok, sentence }) => `  ${ok ? 'ok  ' : 'FAIL'}  ${sentence}`),
    version.gate.verdict === 'fail'
      ? 'It cannot be rolled out: its gate failed.'
      : `Roll it out with "edgewise rollout ${version.model} ${version.version}".`,
  ].join('\n');
}
