import { type TrainerName, trainerNames } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { ModelVersion } from '@edgewise/protocol/http';
import { type Command, Option } from 'commander';
import type { Client } from '../../client/client.ts';
import { heldOutEvery } from '../../pipeline/training-data.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { followRun } from '../follow-run.ts';
import { exitCodes, type Io, percent, sizeOf, wholeNumber } from '../io.ts';
import { readNamedFile } from '../named-file.ts';
import { buildForOption, type PolicyFlags, policiesOf, predictionsOption } from './policies.ts';

interface TrainOptions extends HubOptions, PolicyFlags {
  readonly dataset: string;
  readonly recipe: string;
  readonly from?: string;
  readonly seed?: string;
  readonly trainer?: TrainerName;
}

/** `edgewise train MODEL`: a run from recipe to signed bundle, followed to its end. */
export function addTrain(program: Command, io: Io): void {
  withHub(
    program
      .command('train <model>')
      .description('train, shrink to int8, evaluate and package a new version')
      .requiredOption('--dataset <name>', 'data set to train on')
      .requiredOption('--recipe <file>', 'recipe, a JSON file')
      .option(
        '--from <file>',
        'ONNX model to train further; the recipe has a "base" instead of layers',
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
      .addHelpText(
        'after',
        '\nThe run goes on at the hub when you leave with Ctrl-C. The same recipe, data and seed give the same bytes.\n--from replaces the last linear layer of any float classifier and trains what "base.freeze" leaves free.\n\nExamples:\n  edgewise train digits --dataset digits --recipe models/recipes/digits.json\n  edgewise train pumps --dataset pumps --recipe models/recipes/vectors.json --predictions qos0\n  edgewise train parts --dataset parts --recipe tune.json --from mobilenet.onnx',
      ),
  ).action(async (model: string, options: TrainOptions) => {
    const client = clientOf(options);
    await client.call('putModel', {
      params: { model },
      body: {
        dataset: options.dataset,
        recipe: await recipeOf(client, io, options),
        policies: policiesOf(options),
      },
    });
    await noteParts(client, io, options.dataset);
    const started = await client.call('startRun', {
      body: {
        model,
        ...(options.seed !== undefined && { seed: wholeNumber('--seed', options.seed) }),
      },
    });
    const version = await followRun(client, io, started);
    answerVersion(io, options, version);
  });
}

/** The recipe as the options complete it; the model that it trains further is brought to the hub. */
async function recipeOf(client: Client, io: Io, options: TrainOptions): Promise<unknown> {
  const { recipe: file, from, trainer } = options;
  const recipe = withTrainer(parseRecipe(await readNamedFile(io, file), file), trainer);
  if (from === undefined) return recipe;
  const body = await readNamedFile(io, from);
  const base = await client.call('importBase', { body }).catch((thrown) => {
    const { code, reason } = FleetError.from(thrown);
    throw new FleetError(code, `${from}: ${reason}`, { cause: thrown });
  });
  io.note(`${from} is at the hub, ${sizeOf(base.sizeBytes)}: ${base.digest}`);
  return withBase(recipe, base.digest);
}

/** The recipe for an imported model, with the digest by which the hub knows it. */
function withBase(recipe: unknown, model: string): unknown {
  if (isRecord(recipe) && isRecord(recipe.base)) {
    return { ...recipe, base: { ...recipe.base, model } };
  }
  throw new FleetError(
    'invalid-argument',
    'With --from the recipe has no layers but a "base" like {"classes": 10, "freeze": ["conv1*"]}.',
  );
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Says what stands in for parts that a data set lacks. */
async function noteParts(client: Client, io: Io, dataset: string): Promise<void> {
  const counts = (await client.call('listDatasets')).find(({ id }) => id === dataset)?.counts;
  if (counts?.validation === 0) {
    io.note(
      `"${dataset}" has no validation part: every ${heldOutEvery}th training sample is held out for it.`,
    );
  }
  if (counts?.test === 0) {
    io.note(`"${dataset}" has no test part: accuracy is that on the validation part.`);
  }
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

/** The recipe, trained by what the command line says. */
function withTrainer(recipe: unknown, trainer: TrainerName | undefined): unknown {
  return trainer === undefined || !isRecord(recipe) ? recipe : { ...recipe, trainer };
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
    ...(version.base === undefined ? [] : [`  from  imported model ${version.base.slice(0, 12)}`]),
    `  fp32  accuracy ${percent(fp32.accuracy)}, ${sizeOf(fp32.graphBytes)}`,
    ...version.variants.flatMap(variantLines),
    ...version.gate.checks.map(({ ok, sentence }) => `  ${ok ? 'ok  ' : 'FAIL'}  ${sentence}`),
    version.gate.verdict === 'fail'
      ? 'It cannot be rolled out: its gate failed.'
      : `Roll it out with "edgewise rollout ${version.model} ${version.version}".`,
  ].join('\n');
}
