import {
  type Inspection,
  inspectModel,
  type LayerError,
  layerErrors,
} from '@edgewise/models/inspect';
import { type Model, readModel } from '@edgewise/models/onnx';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { prepare } from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import type { Command } from 'commander';
import { renderReport } from '../../report/report.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { type Io, percent, sizeOf, table } from '../io.ts';
import { batchesOf } from '../model-data/batches.ts';
import { addDataOptions } from '../model-data/data-options.ts';
import {
  type DataFlags,
  dataHelp,
  dataOptionsOf,
  readModelData,
} from '../model-data/read-model-data.ts';
import { naming, readNamedFile, writeNamedFile } from '../named-file.ts';

interface InspectOptions extends HubOptions, DataFlags {
  readonly data?: string;
  readonly float?: string;
  readonly shape?: readonly string[];
  readonly report?: string;
}

const examples = `${dataHelp}

Examples:
  edgewise inspect mobilenet.onnx
  edgewise inspect mobilenet-int8.onnx --float mobilenet.onnx --data images.npz
  edgewise inspect mobilenet-int8.onnx --float mobilenet.onnx --data images/ --preprocess imagenet --report look.html`;

/** `edgewise inspect MODEL`: what a model is made of, what it costs, and where int8 hurts. */
export function addInspect(program: Command, io: Io): void {
  addDataOptions(
    withHub(
      program
        .command('inspect <model>')
        .description(
          'operators, parameters, work and memory of an ONNX model; errors of each layer',
        )
        .option('--data <data>', 'inputs for the error of each layer')
        .option('--float <file>', 'the float model that this int8 model was made of')
        .option('--shape <sizes...>', 'sizes of an input that the file leaves open: x=1,3,224,224')
        .option('--report <file>', 'write an HTML page with pictures, too')
        .addHelpText('after', examples),
    ),
  ).action(async (file: string, options: InspectOptions) => {
    const bytes = await readNamedFile(io, file);
    const model = naming(file, () => readModel(bytes));
    const inspection = naming(file, () => inspectModel(model, shapesOf(options.shape)));
    const measured = await measure(io, model, bytes, options);
    const facts = { model: file, bytes: bytes.length, ...inspection, ...measured };
    if (options.report !== undefined) {
      await writeNamedFile(io, options.report, new TextEncoder().encode(pageOf(facts)));
    }
    answer(io, options, facts, textOf);
  });
}

/** `x=1,3,224,224` as sizes by name. */
function shapesOf(given: readonly string[] = []): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', list = ''] = text.split('=');
      const sizes = list.split(',').map(Number);
      if (sizes.every((size) => Number.isInteger(size) && size > 0)) return [name, sizes];
      throw new FleetError('invalid-argument', `--shape takes x=1,3,224,224, not "${text}".`);
    }),
  );
}

interface Measured {
  readonly layerErrors?: readonly LayerError[];
}

type Facts = Inspection & Measured & { readonly model: string; readonly bytes: number };

async function measure(
  io: Io,
  model: Model,
  bytes: Uint8Array,
  options: InspectOptions,
): Promise<Measured> {
  const { data, float } = options;
  if (float === undefined) return {};
  if (data === undefined) {
    throw new FleetError('invalid-argument', '--float needs inputs to compare on: give --data.');
  }
  const runtime = createOnnxRuntime();
  await using session = await runtime.load(bytes);
  const { inputs } = session;
  const client = () => clientOf(options);
  const read = await readModelData(io, data, { inputs, client, ...dataOptionsOf(options) });
  const feeds = batchesOf(read, inputs);
  const common = { feeds, runtime, signal: io.signal };
  io.progress(`Comparing layers on ${read.count} samples ...`);
  return { layerErrors: await layerErrors(await readFloat(io, float), model, common) };
}

async function readFloat(io: Io, file: string): Promise<Model> {
  const bytes = await readNamedFile(io, file);
  return naming(file, () => prepare(readModel(bytes)));
}

function textOf(facts: Facts): string {
  const sizes = (list: Inspection['inputs']): string =>
    list.map(({ name, dtype, dims }) => `${name} ${dtype} [${dims.join(', ')}]`).join('; ');
  const lines = [
    `${facts.model}: ${sizeOf(facts.bytes)}, operator set ${facts.opsets['']}, ${facts.producer}`,
    `  inputs      ${sizes(facts.inputs)}`,
    `  outputs     ${sizes(facts.outputs)}`,
    `  operators   ${facts.operators.map(({ op, count }) => `${op} ${count}`).join(', ')}`,
    `  parameters  ${facts.parameters}, ${percent(facts.int8Share)} of them in int8`,
    `  work        ${(facts.macs / 1e6).toFixed(2)} million multiply-accumulates${unknownOf(facts)}`,
    `  activations ${sizeOf(facts.peakActivation.bytes)} at once, at ${facts.peakActivation.node}`,
  ];
  return [...lines, ...errorText(facts)].join('\n');
}

const unknownOf = ({ unknownCost }: Facts): string =>
  unknownCost.length === 0
    ? ''
    : ` (without ${unknownCost.length} nodes whose sizes are open, as ${unknownCost[0]}; give --shape)`;

function errorText({ layerErrors: errors }: Facts): readonly string[] {
  if (errors === undefined) return [];
  const rows = errors.map(({ op, node, sqnrDb }) => [op, node, dB(sqnrDb)]);
  return ['', table(['op', 'node', 'signal to noise'], rows)];
}

const dB = (value: number | undefined): string =>
  value === undefined ? 'always zero' : Number.isFinite(value) ? `${value.toFixed(1)} dB` : 'exact';

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
  });
}
