import path from 'node:path';
import {
  convertTfjs,
  notesKey,
  summarizeTfjs,
  type TfjsSummary,
  weightPaths,
} from '@edgewise/models/convert-tfjs';
import { type Model, type ValueInfo, writeModel } from '@edgewise/models/onnx';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { FleetError } from '@edgewise/protocol';
import type { Command } from 'commander';
import { answer } from '../context.ts';
import { assertDestinations } from '../destinations.ts';
import { type Io, sizeOf, table } from '../io.ts';
import { naming, readNamedFile, writeNamedFile } from '../named-file.ts';

interface ConvertOptions {
  readonly out: string;
  readonly json?: boolean;
}

const examples = `
MODEL is the model.json of a tfjs LayersModel, as model.save() or tensorflowjs_converter writes it;
its weight files are read beside it. Inputs and outputs keep their names, sizes and layout.

Example:
  edgewise convert my-model/model.json --out my-model.onnx`;

/** `edgewise convert MODEL.json`: a tfjs LayersModel as an ONNX model, without a hub. */
export function addConvert(program: Command, io: Io): void {
  program
    .command('convert')
    .argument('<model>', 'model.json of a tfjs LayersModel')
    .description('turn a tfjs LayersModel into an ONNX model')
    .requiredOption('--out <file>', 'where to write the ONNX model')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText('after', examples)
    .action(async (file: string, options: ConvertOptions) => {
      await assertDestinations(io, { writes: [options.out], reads: [file] });
      const document = parse(await readNamedFile(io, file), file);
      const paths = naming(file, () => weightPaths(document).map(withinFolder));
      const beside = paths.map((name) => path.join(path.dirname(file), name));
      await assertDestinations(io, { writes: [options.out], reads: beside });
      const weights = await readAll(io, path.dirname(file), paths);
      const model = naming(file, () => convertTfjs(document, weights));
      const bytes = writeModel(model);
      // A file that the engine refuses must not look like a success.
      await using _ = await createOnnxRuntime().load(bytes, { signal: io.signal });
      await writeNamedFile(io, options.out, bytes);
      const facts = factsOf(model, summarizeTfjs(document));
      answer(io, options, { out: options.out, bytes: bytes.length, ...facts }, textOf);
    });
}

function parse(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new FleetError(
      'malformed',
      `${file} is not JSON; the model.json of a tfjs LayersModel is wanted.`,
      { cause },
    );
  }
}

/** A file may only name weights that lie beside it or below. */
function withinFolder(name: string): string {
  const place = path.normalize(name);
  if (!path.isAbsolute(place) && !place.startsWith('..')) return place;
  throw new FleetError('malformed', `The weight file ${name} does not lie beside the model.`);
}

async function readAll(io: Io, folder: string, names: readonly string[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const name of names) parts.push(await readNamedFile(io, path.join(folder, name)));
  return new Uint8Array(Buffer.concat(parts));
}

function factsOf(model: Model, { layers, parameters }: TfjsSummary) {
  const { inputs, outputs, nodes } = model.graph;
  const notes: unknown = JSON.parse(model.metadata.get(notesKey) ?? '[]');
  return { layers, parameters, nodes: nodes.length, inputs, outputs, notes: notes as string[] };
}

type Facts = ReturnType<typeof factsOf> & { readonly out: string; readonly bytes: number };

function textOf(facts: Facts): string {
  const { out, bytes, layers, parameters, nodes, inputs, outputs, notes } = facts;
  return [
    table(
      ['LAYER', 'CLASS'],
      layers.map(({ name, className }) => [name, className]),
    ),
    ...inputs.map((value) => `input   ${valueText(value)}`),
    ...outputs.map((value) => `output  ${valueText(value)}`),
    ...notes.map((note) => `note    ${note}`),
    `${out}: ${sizeOf(bytes)}, ${parameters} parameters of ${layers.length} layers in ${nodes} nodes`,
    'onnxruntime loads it. Its outputs were not compared with those of tfjs.',
  ].join('\n');
}

const valueText = ({ name, dtype, dims }: ValueInfo): string =>
  `${name}  ${dtype} [${dims?.map((size) => size ?? '?').join(', ') ?? '?'}]`;
