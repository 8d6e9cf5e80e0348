import { readModel, writeModel } from '@edgewise/models/onnx';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { type ShrinkReport, shrink } from '@edgewise/models/shrink';
import { type Command, Option } from 'commander';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { type Io, percent, sizeOf } from '../io.ts';
import { batchesOf } from '../model-data/batches.ts';
import { addDataOptions } from '../model-data/data-options.ts';
import {
  type DataFlags,
  dataHelp,
  dataOptionsOf,
  readModelData,
} from '../model-data/read-model-data.ts';
import { naming, readNamedFile, writeNamedFile } from '../named-file.ts';

interface QuantizeOptions extends HubOptions, DataFlags {
  readonly calibration: string;
  readonly out: string;
  readonly activations: 'u8' | 's8';
  readonly perTensor?: boolean;
  readonly reduceRange?: boolean;
  readonly exclude?: readonly string[];
}

const examples = `${dataHelp}

Examples:
  edgewise quantize mobilenet.onnx --calibration images.npz --out mobilenet-int8.onnx`;

/** `edgewise quantize MODEL.onnx`: any float model in int8, without a hub. */
export function addQuantize(program: Command, io: Io): void {
  const command = program
    .command('quantize <model>')
    .description('shrink an ONNX model to int8 (QDQ) with calibration data')
    .requiredOption('--calibration <data>', 'DATA: inputs like those the model will see')
    .requiredOption('--out <file>', 'where to write the int8 model')
    .addOption(
      new Option('--activations <type>', 'u8 suits x64, s8 suits ARM')
        .choices(['u8', 's8'])
        .default('u8'),
    )
    .option('--per-tensor', 'one weight scale for each tensor instead of each channel')
    .option('--reduce-range', 'weights in 7 bits, for x64 without VNNI')
    .option('--exclude <nodes...>', 'names of nodes that stay in float')
    .addHelpText('after', examples);
  addDataOptions(withHub(command)).action(async (file: string, options: QuantizeOptions) => {
    const bytes = await readNamedFile(io, file);
    const model = naming(file, () => readModel(bytes));
    const runtime = createOnnxRuntime();
    await using session = await runtime.load(bytes);
    const { inputs } = session;
    const client = () => clientOf(options);
    const data = await readModelData(io, options.calibration, {
      ...{ inputs, client },
      ...dataOptionsOf(options),
    });
    io.progress(`Calibrating with ${data.count} samples ...`);
    const { model: small, report } = await shrink(model, {
      runtime,
      calibration: batchesOf(data, inputs),
      signal: io.signal,
      activations: options.activations,
      perChannel: options.perTensor !== true,
      reduceRange: options.reduceRange === true,
      ...(options.exclude && { exclude: new Set(options.exclude) }),
    });
    await writeNamedFile(io, options.out, writeModel(small));
    const { ranges: _, ...facts } = report;
    answer(io, options, { out: options.out, samples: data.count, ...facts }, () =>
      textOf(options.out, report),
    );
  });
}

function textOf(out: string, { quantized, float, bytesBefore, bytesAfter }: ShrinkReport): string {
  return [
    `${out}: ${sizeOf(bytesAfter)}, ${percent(bytesAfter / bytesBefore)} of ${sizeOf(bytesBefore)}`,
    `${quantized.length} nodes in int8, ${float.length} in float`,
    ...float.map(({ node, op, reason }) => `  float  ${op} ${node}: ${reason}`),
  ].join('\n');
}
