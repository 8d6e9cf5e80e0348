import path from 'node:path';
import { type Comparison, compareModels } from '@edgewise/models/inspect';
import type { Session, SessionValue } from '@edgewise/models/runtime';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { FleetError } from '@edgewise/protocol';
import type { Command } from 'commander';
import { renderReport } from '../../report/report.ts';
import { runText, speedText } from '../../report/speed-text.ts';
import { answer, clientOf, type HubOptions, withHub } from '../context.ts';
import { assertDestinations } from '../destinations.ts';
import { countFrom1, type Io, percent, sizeOf } from '../io.ts';
import { batchThatRuns } from '../model-data/batch-that-runs.ts';
import { comparedOf, wholeBatches } from '../model-data/batches.ts';
import { addDataOptions } from '../model-data/data-options.ts';
import {
  type DataFlags,
  dataHelp,
  dataOptionsOf,
  readModelData,
} from '../model-data/read-model-data.ts';
import { assertAllFrozen, loadModelFile, readModelFile, settledOf } from '../model-file.ts';
import { writeNamedFile } from '../named-file.ts';
import { createStageProgress } from '../stage-progress.ts';

interface CompareFlags extends HubOptions, DataFlags {
  readonly data: string;
  readonly runs: string;
  readonly report?: string;
}

const examples = `${dataHelp}

Latency is that of this machine, one sample at a time, both models in turn.

Examples:
  edgewise compare mobilenet.onnx mobilenet-int8.onnx --data images.npz
  edgewise compare digits.onnx digits-int8.onnx --data t10k-images-idx3-ubyte --labels t10k-labels-idx1-ubyte --limit 10000`;

/** `edgewise compare A B`: how two models answer the same inputs. */
export function addCompare(program: Command, io: Io): void {
  addDataOptions(
    withHub(
      program
        .command('compare')
        .argument('<a>', 'ONNX model that counts as right, as the float one')
        .argument('<b>', 'ONNX model that is measured against it')
        .description(
          'signal to noise, agreement, accuracy and speed of two models on the same data',
        )
        .requiredOption('--data <data>', 'DATA: inputs for both')
        .option('--runs <number>', 'timed runs of each model, for latency in ms', '50')
        .option('--report <file>', 'write an HTML page, too')
        .addHelpText('after', examples),
    ),
  ).action(async (a: string, b: string, options: CompareFlags) => {
    const reads = [a, b, options.data, options.labels];
    await assertDestinations(io, { writes: [options.report], reads });
    const runtime = createOnnxRuntime();
    const settled = settledOf(options);
    const left = await readModelFile(io, a, settled);
    const right = await readModelFile(io, b, settled);
    assertAllFrozen([left, right], settled.frozen);
    await using first = await loadModelFile(left, runtime);
    await using second = await loadModelFile(right, runtime);
    assertSameInputs({ a, b }, first, second);
    const data = await readModelData(io, options.data, {
      ...{ inputs: first.inputs, client: () => clientOf(options) },
      ...dataOptionsOf(options),
    });
    const whole = wholeBatches(data, [...first.inputs, ...second.inputs]);
    const { labels } = whole;
    const batch = await batchThatRuns(io, whole, [
      { file: a, session: first },
      { file: b, session: second },
    ]);
    const show = createStageProgress(io);
    const comparison = await compareModels(first, second, {
      samples: comparedOf(whole),
      ...(labels && { labels }),
      ...{
        batch,
        runs: countFrom1('--runs', options.runs),
      },
      onProgress: (done, of) => show('Comparing', { done, of }),
      onTimed: (done, of) => show('Timing', { done, of }),
      signal: io.signal,
    });
    const facts = { a: { file: a, bytes: left.bytes }, b: { file: b, bytes: right.bytes } };
    if (options.report !== undefined) {
      const page = pageOf(facts, comparison);
      await writeNamedFile(io, options.report, new TextEncoder().encode(page));
    }
    answer(io, options, { ...facts, ...comparison }, () => textOf(facts, comparison));
  });
}

/** Throws `invalid-argument` for models that do not take the same inputs, in the same portions. */
function assertSameInputs(
  { a, b }: { readonly a: string; readonly b: string },
  ...both: Session[]
) {
  const [first = '', second = ''] = both.map(({ inputs }) =>
    inputs
      .map(({ name, dims }) => `${name} [${dims.map((size) => size ?? '?').join(', ')}]`)
      .join('; '),
  );
  const shapes = both.map(({ inputs }) => inputs.toSorted((x, y) => (x.name < y.name ? -1 : 1)));
  const [left = [], right = []] = shapes;
  const fits = left.every(({ name, dims }, at) => {
    const other = right[at];
    return other?.name === name && isSameShape(dims, other.dims);
  });
  if (fits && left.length === right.length) return;
  const what = `${a} takes ${first}, ${b} takes ${second}.`;
  throw new FleetError('invalid-argument', `${what} Only models with the same inputs compare.`);
}

const isSameShape = (one: Shape, other: Shape): boolean =>
  one.length === other.length &&
  one.every((size, axis) => size === undefined || (other[axis] ?? size) === size);

type Shape = SessionValue['dims'];

interface Files {
  readonly a: { readonly file: string; readonly bytes: number };
  readonly b: { readonly file: string; readonly bytes: number };
}

function textOf({ a, b }: Files, { samples, outputs, classes, latency }: Comparison): string {
  const accuracy = classes?.accuracy;
  return [
    `a: ${a.file}, ${sizeOf(a.bytes)}`,
    `b: ${b.file}, ${sizeOf(b.bytes)}`,
    `${samples} samples`,
    ...outputs.map(
      ({ name, sqnrDb, largestDifference }) =>
        `  ${name}: ${decibels(sqnrDb)}, largest difference ${largestDifference.toPrecision(3)}`,
    ),
    ...(classes ? [`  same top class (${classes.output}): ${percent(classes.agreement)}`] : []),
    ...(accuracy
      ? [
          `  accuracy: a ${percent(accuracy.a)}, b ${percent(accuracy.b)}; b - a ${percent(accuracy.difference)} (95 %: ${percent(accuracy.low)} to ${percent(accuracy.high)})`,
        ]
      : []),
    `  ${runText(latency.samples)} here: a ${latency.a.medianMs.toFixed(3)} ms, b ${latency.b.medianMs.toFixed(3)} ms; ${speedText('b', latency.speedup)}`,
  ].join('\n');
}

function decibels(value: number | undefined): string {
  if (value === undefined) return 'always zero';
  if (value === -Infinity) return 'one gives NaN or infinity where the other does not';
  return value === Infinity ? 'exactly equal' : `${value.toFixed(1)} dB signal to noise`;
}

function pageOf({ a, b }: Files, comparison: Comparison): string {
  const classes = comparison.classes;
  const scores = classes?.accuracy ?? { a: 1, b: classes?.agreement ?? 1 };
  const names = [a, b].map(({ file }) => path.basename(file));
  const [one = a.file, other = b.file] = names[0] === names[1] ? [a.file, b.file] : names;
  return renderReport({
    title: `${one} and ${other}`,
    facts: [
      ['first', `${a.file}, ${sizeOf(a.bytes)}`],
      ['second', `${b.file}, ${sizeOf(b.bytes)}`],
    ],
    comparison,
    ...(classes && {
      scoreIs: classes.accuracy === undefined ? 'agreement' : 'accuracy',
      variants: [
        { name: one, bytes: a.bytes, score: scores.a },
        { name: other, bytes: b.bytes, score: scores.b },
      ],
    }),
  });
}
