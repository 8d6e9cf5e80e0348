import {
  type ActivationSpread,
  activationSpreads,
  type Inspection,
  inspectModel,
  type LayerError,
  layerErrors,
} from '@edgewise/models/inspect';
import type { Model } from '@edgewise/models/onnx';
import { type Feeds, namedRuntime, type SessionValue } from '@edgewise/models/runtime';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import {
  prepare,
  type SaturationReport,
  type SaturationTarget,
  saturationOf,
  saturationTargets,
} from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import { type Command, Option } from 'commander';
import { renderReport } from '../../report/report.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { assertDestinations } from '../destinations.ts';
import { type Io, percent, sizeOf, table } from '../io.ts';
import { batchThatRuns } from '../model-data/batch-that-runs.ts';
import { batchesOf } from '../model-data/batches.ts';
import { addDataOptions } from '../model-data/data-options.ts';
import {
  type DataFlags,
  dataHelp,
  dataOptionsOf,
  readModelData,
} from '../model-data/read-model-data.ts';
import { loadModelFile, type ModelFile, readModelFile, settledOf } from '../model-file.ts';
import { naming, writeNamedFile } from '../named-file.ts';
import { feedProgress } from '../stage-progress.ts';

interface InspectOptions extends HubOptions, DataFlags {
  readonly data?: string;
  readonly float?: string;
  readonly saturation?: SaturationTarget;
  readonly report?: string;
}

const examples = `${dataHelp}

Examples:
  edgewise inspect mobilenet.onnx
  edgewise inspect mobilenet-int8.onnx --float mobilenet.onnx --data images.npz
  edgewise inspect mobilenet-int8.onnx --data images.npz --saturation x64 --report look.html`;

/** `edgewise inspect MODEL`: what a model is made of, what it costs, and where int8 hurts. */
export function addInspect(program: Command, io: Io): void {
  addDataOptions(
    withHub(
      program
        .command('inspect')
        .argument('<model>', 'ONNX model, float or int8')
        .description(
          'operators, parameters, work and memory of an ONNX model; errors of each layer',
        )
        .option(
          '--data <data>',
          'DATA: inputs for the error of each layer (with --float) and for --saturation',
        )
        .option('--float <file>', 'the float model that this int8 model was made of')
        .addOption(
          new Option(
            '--saturation <target>',
            'which layers 16-bit sums would spoil: on x64 without VNNI, or arm64 without dot product',
          ).choices([...saturationTargets]),
        )
        .option('--report <file>', 'write an HTML page with pictures, too')
        .addHelpText('after', examples),
    ),
  ).action(async (file: string, options: InspectOptions) => {
    const { data, float, report, labels } = options;
    if (data !== undefined && float === undefined && options.saturation === undefined) {
      throw new FleetError('invalid-argument', '--data goes with --float or --saturation.');
    }
    await assertDestinations(io, { writes: [report], reads: [file, data, float, labels] });
    const source = await readModelFile(io, file, settledOf(options));
    const { model, bytes } = source;
    const inspect = (sizes: Measured['sizes']) => naming(file, () => inspectModel(model, sizes));
    inspect(undefined);
    const { sizes, ...measured } = await measure(io, source, options);
    const inspection = inspect(sizes);
    const facts = { model: file, bytes, ...inspection, ...measured };
    if (options.report !== undefined) {
      await writeNamedFile(io, options.report, new TextEncoder().encode(pageOf(facts)));
    }
    const { activations: _, ...said } = facts;
    answer(io, options, said, textOf);
  });
}

interface Measured {
  /** Sizes of the inputs in the data, one sample at a time. */
  readonly sizes?: Readonly<Record<string, readonly number[]>>;
  readonly layerErrors?: readonly LayerError[];
  readonly saturation?: SaturationReport;
  /** For the page only. */
  readonly activations?: readonly ActivationSpread[];
}

type Facts = Inspection & Measured & { readonly model: string; readonly bytes: number };

async function measure(io: Io, source: ModelFile, options: InspectOptions): Promise<Measured> {
  const { model } = source;
  const { data, float, saturation: target } = options;
  if (float === undefined && target === undefined) return {};
  if (data === undefined) {
    throw new FleetError('invalid-argument', '--float and --saturation need inputs: give --data.');
  }
  const runtime = createOnnxRuntime();
  await using session = await loadModelFile(source, runtime);
  const { inputs } = session;
  const client = () => clientOf(options);
  const read = await readModelData(io, data, { inputs, client, ...dataOptionsOf(options) });
  const most = await batchThatRuns(io, read, [{ file: source.file, session }]);
  const feeds = batchesOf(read, inputs, { most });
  const common = { feeds, runtime, signal: io.signal };
  const counted = (stage: string) => feedProgress(io, stage, feeds.length);
  const original = float === undefined ? undefined : await readFloat(io, float, options);
  const names = { float: float ?? '', int8: source.file };
  const errors =
    original &&
    (await layerErrors(original, model, { ...common, names, ...counted('Comparing layers') }));
  const isRounded = model.graph.nodes.some(({ op }) => op === 'QuantizeLinear');
  const spreads =
    original && isRounded && options.report !== undefined
      ? await activationSpreads(original, model, common)
      : undefined;
  const saturation =
    target &&
    (await saturationOf(model, feeds, {
      ...{ target, runtime: namedRuntime(runtime, source.file), signal: io.signal },
      ...counted('Adding in 16 bits'),
    }));
  return {
    sizes: sizesOf(inputs, feeds[0] ?? {}),
    ...(errors && { layerErrors: errors }),
    ...(saturation && { saturation }),
    ...(spreads && { activations: spreads }),
  };
}

const sizesOf = (inputs: readonly SessionValue[], feed: Feeds) =>
  Object.fromEntries(
    inputs.map(({ name, dims }) => {
      const given = feed[name]?.dims ?? [];
      return [name, given.map((size, axis) => dims[axis] ?? (axis === 0 ? 1 : size))];
    }),
  );

async function readFloat(io: Io, file: string, options: InspectOptions): Promise<Model> {
  const { model } = await readModelFile(io, file, settledOf(options));
  return naming(file, () => prepare(model));
}

function textOf(facts: Facts): string {
  const sizes = (list: Inspection['inputs']): string =>
    list.map(({ name, dtype, dims }) => `${name} ${dtype} [${dims.join(', ')}]`).join('; ');
  const lines = [
    `${facts.model}: ${sizeOf(facts.bytes)}, operator set ${facts.opsets['']}${facts.producer === '' ? '' : `, ${facts.producer}`}`,
    `  inputs      ${sizes(facts.inputs)}`,
    `  outputs     ${sizes(facts.outputs)}`,
    `  operators   ${facts.operators.map(({ op, count }) => `${op} ${count}`).join(', ')}`,
    `  parameters  ${facts.parameters.toLocaleString('en')}, ${percent(facts.int8Share)} of them in 8 bits or fewer`,
    `  work        ${(facts.macs / 1e6).toFixed(2)} million multiply-accumulates${unknownOf(facts)}`,
    `  activations ${sizeOf(facts.peakActivation.bytes)} at once, at ${facts.peakActivation.node}`,
  ];
  return [...lines, ...innerText(facts), ...errorText(facts), ...saturationText(facts)].join('\n');
}

const unknownOf = ({ unknownCost, inputs }: Facts): string =>
  unknownCost.length === 0
    ? ''
    : ` (without ${unknownCost.length} nodes whose sizes are open, as ${unknownCost[0]}; give --shape ${openShapes(inputs)})`;

/** Inputs with open sizes, as --shape takes them but for those. */
const openShapes = (inputs: Inspection['inputs']): string =>
  inputs
    .filter(({ dims }) => dims.some((size) => typeof size !== 'number'))
    .map(({ name, dims }) => {
      return `${name}=${dims.map((size) => (typeof size === 'number' ? size : '?')).join(',')}`;
    })
    .join(' ');

const innerText = ({ inner }: Facts): readonly string[] =>
  inner.map(
    ({ node, op, nodes, parameters }) =>
      `  inside      ${nodes} nodes with ${parameters.toLocaleString('en')} parameters lie inside ${node} (${op}) and are not counted`,
  );

function errorText({ layerErrors: errors }: Facts): readonly string[] {
  if (errors === undefined) return [];
  const rows = errors.map(({ op, node, sqnrDb }) => [op, node, dB(sqnrDb)]);
  return ['', table(['op', 'node', 'signal to noise'], rows)];
}

function dB(value: number | undefined): string {
  if (value === undefined) return 'always zero';
  if (value === -Infinity) return 'NaN or infinity';
  return value === Infinity ? 'exact' : `${value.toFixed(1)} dB`;
}

function saturationText({ saturation }: Facts): readonly string[] {
  if (saturation === undefined) return [];
  if (saturation.layers.length === 0) return ['', 'It has no int8 layer: nothing can saturate.'];
  const wrong = saturation.layers.filter((layer) => layer.wrong > 0);
  if (wrong.length === 0) return ['', `No layer would be wrong on ${saturation.target}.`];
  const rows = wrong.map(({ node, op, wrong: count, outputs, largest }) => [
    ...[op, node],
    ...[count, outputs, Number(largest.toFixed(1))],
  ]);
  return [
    '',
    `Wrong on ${saturation.target}:`,
    table(['op', 'node', 'wrong', 'of', 'largest, steps'], rows),
    `edgewise quantize --for ${saturation.target} builds a file that is right there.`,
  ];
}

function pageOf(facts: Facts): string {
  return renderReport({
    title: facts.model,
    facts: [
      ['size', sizeOf(facts.bytes)],
      ['made by', facts.producer],
      ['operators', facts.operators.map(({ op, count }) => `${op} ${count}`).join(', ')],
    ],
    float: facts,
    ...(facts.layerErrors && { layers: facts.layerErrors }),
    ...(facts.saturation && { saturation: [facts.saturation] }),
    ...(facts.activations && { activations: facts.activations }),
  });
}
