import { readModel, writeModel } from '@edgewise/models/onnx';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { type ShrinkReport, shrink } from '@edgewise/models/shrink';
import { type Command, Option } from 'commander';
import { readCalibration } from '../calibration.ts';
import { answer } from '../context.ts';
import { type Io, percent, sizeOf, wholeNumber } from '../io.ts';
import { naming, readNamedFile, writeNamedFile } from '../named-file.ts';

interface QuantizeOptions {
  readonly calibration: string;
  readonly out: string;
  readonly activations: 'u8' | 's8';
  readonly perTensor?: boolean;
  readonly reduceRange?: boolean;
  readonly exclude?: readonly string[];
  readonly label?: string;
  readonly limit: string;
  readonly json?: boolean;
}

/** `edgewise quantize MODEL.onnx`: any float model in int8, without a hub. */
export function addQuantize(program: Command, io: Io): void {
  program
    .command('quantize <model>')
    .description('shrink an ONNX model to int8 (QDQ) with calibration data; needs no hub')
    .requiredOption(
      '--calibration <data>',
      'inputs like those the model will see: .npz with arrays named after the inputs, .npy, IDX or CSV',
    )
    .requiredOption('--out <file>', 'where to write the int8 model')
    .addOption(
      new Option('--activations <type>', 'u8 suits x64, s8 suits ARM')
        .choices(['u8', 's8'])
        .default('u8'),
    )
    .option('--per-tensor', 'one weight scale for each tensor instead of each channel')
    .option('--reduce-range', 'weights in 7 bits, for x64 without VNNI')
    .option('--exclude <nodes...>', 'names of nodes that stay in float')
    .option('--label <column>', 'column of a CSV that is no input')
    .option('--limit <samples>', 'use at most so many samples', '256')
    .option('--json', 'print one JSON document instead of text')
    .addHelpText(
      'after',
      '\nExample:\n  edgewise quantize mobilenet.onnx --calibration images.npz --out mobilenet-int8.onnx',
    )
    .action(async (file: string, options: QuantizeOptions) => {
      const bytes = await readNamedFile(io, file);
      const model = naming(file, () => readModel(bytes));
      const runtime = createOnnxRuntime();
      const calibration = await readCalibration(io, options.calibration, {
        model: bytes,
        runtime,
        ...(options.label !== undefined && { labelColumn: options.label }),
        limit: wholeNumber('--limit', options.limit),
      });
      io.progress(`Calibrating with ${calibration.samples} samples ...`);
      const { model: small, report } = await shrink(model, {
        runtime,
        calibration: calibration.feeds,
        signal: io.signal,
        activations: options.activations,
        perChannel: options.perTensor !== true,
        reduceRange: options.reduceRange === true,
        ...(options.exclude && { exclude: new Set(options.exclude) }),
      });
      await writeNamedFile(io, options.out, writeModel(small));
      const { ranges: _, ...facts } = report;
      answer(io, options, { out: options.out, samples: calibration.samples, ...facts }, () =>
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
