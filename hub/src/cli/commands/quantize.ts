import { type Model, upgradeOpset, writeModel } from '@edgewise/models/onnx';
import { plannedClasses } from '@edgewise/models/plan';
import { type Feeds, namedRuntime, type Runtime, type Session } from '@edgewise/models/runtime';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import {
  calibrationMethods,
  type ShrinkProgress,
  type Shrunk,
  shrink,
} from '@edgewise/models/shrink';
import { FleetError } from '@edgewise/protocol';
import { type Command, Option } from 'commander';
import { answer, clientOf, withHub } from '../context.ts';
import { assertDestinations } from '../destinations.ts';
import type { Io } from '../io.ts';
import { batchThatRuns } from '../model-data/batch-that-runs.ts';
import { batchesOf } from '../model-data/batches.ts';
import { addDataOptions } from '../model-data/data-options.ts';
import type { ModelData } from '../model-data/fit-to-inputs.ts';
import { dataHelp, dataOptionsOf, readModelData } from '../model-data/read-model-data.ts';
import {
  assertAllFrozen,
  loadModelFile,
  type ModelFile,
  readModelFile,
  settledOf,
} from '../model-file.ts';
import { naming, writeNamedFile } from '../named-file.ts';
import { adviceFor } from '../quantize-advice.ts';
import {
  assertTogether,
  calibrationOf,
  optionsSaid,
  type QuantizeFlags,
  shrinkOptionsOf,
} from '../quantize-flags.ts';
import { quantizeFor, variantFiles } from '../quantize-for.ts';
import { quantizePage } from '../quantize-page.ts';
import { candidateName, floatText, narrowText, quantizeText } from '../quantize-text.ts';
import { writeWeightOnly } from '../quantize-weights.ts';
import { createStageProgress } from '../stage-progress.ts';

const examples = `${dataHelp}

--for builds what each device class is right and fast with, one file each: OUT small.onnx becomes
small.x64.onnx, small.web-wasm.onnx ...

Examples:
  edgewise quantize mobilenet.onnx --calibration images.npz --out mobilenet-int8.onnx
  edgewise quantize mobilenet.onnx --calibration photos/ --preprocess imagenet --calibrate auto --out small.onnx --report small.html
  edgewise quantize mobilenet.onnx --calibration images.npz --weight-bits 4 --ada-round --out small.onnx
  edgewise quantize mobilenet.onnx --weight-only --out mobilenet-web.onnx
  edgewise quantize mobilenet.onnx --calibration images.npz --weight-only --weight-bits 4 --ada-round --out mobilenet-web.onnx
  edgewise quantize voice.onnx --calibration frames.npz --freeze sr=16000 --out voice-int8.onnx
  edgewise quantize mobilenet.onnx --calibration images.npz --for x64,arm64,web-wasm --out small.onnx`;

/** `edgewise quantize MODEL.onnx`: any float model in int8, without a hub. */
export function addQuantize(program: Command, io: Io): void {
  const command = program
    .command('quantize')
    .argument('<model>', 'float ONNX model')
    .description('shrink an ONNX model to int8 (QDQ) with calibration data')
    .option('--calibration <data>', 'DATA: some hundred inputs like those the model will see')
    .requiredOption('--out <file>', 'where to write the int8 model')
    .option('--for <classes>', `device classes, joined by commas: ${plannedClasses().join(', ')}`)
    .addOption(
      new Option('--activations <type>', 'type of activations: u8 is fast on x64, s8 on ARM')
        .choices(['u8', 's8'])
        .default('u8'),
    )
    .addOption(
      new Option('--weights <type>', 'type of weights').choices(['s8', 'u8']).default('s8'),
    )
    .addOption(
      new Option('--calibrate <method>', 'how ranges are found; auto tries them all')
        .choices([...calibrationMethods, 'auto'])
        .default('minmax'),
    )
    .option(
      '--percentile <percent>',
      'what --calibrate percentile keeps of all numbers, in % (default: 99.999)',
    )
    .option(
      '--like-onnxruntime',
      "exactly what onnxruntime's Python tool gives for the file as it is",
    )
    .option('--per-tensor', 'one weight scale for each tensor instead of each channel')
    .option('--reduce-range', 'weights in 7 bits, for x64 without VNNI')
    .addOption(
      new Option(
        '--weight-bits <bits>',
        'that a weight has; each fills a byte of the file all the same (but see --weight-only): only compressed is it smaller',
      )
        .choices(['8', '4', '3', '2'])
        .default('8'),
    )
    .option('--ada-round', 'learn whether each weight goes down or up; for 4 bits and fewer')
    .option(
      '--weight-only',
      'store weights in int8, or with --weight-bits 4 in int4, and compute in float: for browsers; needs DATA for --ada-round only',
    )
    .option('--exclude <nodes...>', 'names of nodes that stay in float')
    .option('--report <file>', 'write an HTML page with pictures, too')
    .addHelpText('after', examples);
  addDataOptions(withHub(command)).action(async (file: string, flags: QuantizeFlags) => {
    assertTogether(command, flags);
    const calibration = calibrationOf(flags);
    const { out, report, labels } = flags;
    const outs = flags.for === undefined ? [out] : variantFiles(out, flags.for);
    const reads = [file, calibration, labels];
    await assertDestinations(io, { writes: [...outs, report], reads });
    const settled = settledOf(flags);
    const source = await readModelFile(io, file, settled);
    const { model, bytes } = source;
    assertAllFrozen([source], settled.frozen);
    const options = shrinkOptionsOf(flags, model);
    if (calibration === undefined) return writeWeightOnly(io, source, { flags });
    // The engine would only say that it does not know an old operator.
    naming(file, () => upgradeOpset(model, 13));
    const runtime = createOnnxRuntime();
    await using session = await loadModelFile(source, runtime);
    const { inputs } = session;
    const client = () => clientOf(flags);
    const data = await readModelData(io, calibration, {
      ...{ inputs, client },
      ...dataOptionsOf(flags),
    });
    const work = { ...{ file, source, bytes, session, data, flags }, options, runtime };
    if (flags.for === undefined) {
      // Batches and threads change the last bits of sums; the tool's readers give one sample.
      const batch = await batchThatRuns(io, data, [{ file, session }]);
      const most = flags.likeOnnxruntime === true ? 1 : batch;
      await writeOne(io, model, { ...work, batch, feeds: batchesOf(data, inputs, { most }) });
    } else await quantizeFor(io, model, { ...work, ...flags, for: flags.for });
  });
}

interface Work {
  readonly file: string;
  readonly source: ModelFile;
  /** Size of that file. */
  readonly bytes: number;
  /** The float model. */
  readonly session: Session;
  readonly data: ModelData;
  readonly flags: QuantizeFlags;
  readonly options: ReturnType<typeof shrinkOptionsOf>;
  readonly runtime: Runtime;
}

async function writeOne(
  io: Io,
  model: Model,
  work: Work & { readonly batch: number; readonly feeds: readonly Feeds[] },
): Promise<void> {
  const { feeds, data, flags, runtime } = work;
  io.progress(`Calibrating with ${data.count} samples ...`);
  const shrunk = await shrink(model, {
    ...{ runtime: namedRuntime(runtime, work.file), calibration: feeds, signal: io.signal },
    ...work.options,
    onProgress: progressTo(io),
  });
  if (flags.weightOnly === true) {
    return writeWeightOnly(io, work.source, { flags, rounded: shrunk });
  }
  const advice = adviceFor(shrunk, feeds);
  // The tool writes it all the same, and whoever excludes nodes wants them so.
  const mayBeFloat = flags.likeOnnxruntime === true || flags.exclude !== undefined;
  if (!mayBeFloat) assertShrunk(io, work.file, { shrunk, advice });
  const bytes = writeModel(shrunk.model);
  await writeNamedFile(io, flags.out, bytes);
  const narrow = narrowText(Number(flags.weightBits), bytes);
  if (flags.report !== undefined) {
    const { how, candidates = [] } = shrunk.report;
    const page = await quantizePage(io, {
      ...work,
      ...{ out: flags.out, shrunk, narrow, how: candidateName(how) },
      candidates: candidates.map((each) => ({ name: candidateName(each), error: each.error })),
    });
    await writeNamedFile(io, flags.report, new TextEncoder().encode(page));
  }
  const { ranges: _, ...facts } = { ...shrunk.report, bytesBefore: work.bytes };
  const options = optionsSaid(flags);
  answer(io, flags, { out: flags.out, samples: data.count, options, ...facts, advice }, () =>
    quantizeText(flags.out, { ...shrunk.report, ...facts }, { advice, narrow }),
  );
}

/** Refuses to call a float model int8. */
function assertShrunk(
  io: Io,
  file: string,
  { shrunk, advice }: { readonly shrunk: Shrunk; readonly advice: readonly string[] },
): void {
  const { quantized, float } = shrunk.report;
  if (quantized.length > 0) return;
  for (const line of floatText(float)) io.note(line);
  const what = `${file}: None of its ${float.length} nodes can compute in int8; nothing is written.`;
  const how = advice.length === 0 ? '' : ` Try ${advice.join(', or ')}.`;
  throw new FleetError('unsupported', `${what}${how}`);
}

const stages: Readonly<Record<ShrinkProgress['stage'], string>> = {
  calibrate: 'Calibrating',
  choose: 'Trying ways to shrink',
  sensitivity: 'Measuring layers',
  exclude: 'Leaving layers in float',
  'ada-round': 'Learning how to round',
  'correct-bias': 'Correcting biases',
};

function progressTo(io: Io): (progress: ShrinkProgress) => void {
  const show = createStageProgress(io);
  return ({ stage, ...done }) => show(stages[stage], done);
}
