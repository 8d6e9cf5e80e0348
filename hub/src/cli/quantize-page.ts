import path from 'node:path';
import { activationSpreads, compareModels, layerErrors } from '@edgewise/models/inspect';
import { writeModel } from '@edgewise/models/onnx';
import type { BuiltVariant } from '@edgewise/models/plan';
import { type Feeds, namedRuntime, type Runtime, type Session } from '@edgewise/models/runtime';
import { type Shrunk, saturationOf, saturationTargets } from '@edgewise/models/shrink';
import { renderReport } from '../report/report.ts';
import { type Io, percent, sizeOf } from './io.ts';
import { batchesOf, comparedOf, wholeBatches } from './model-data/batches.ts';
import type { ModelData } from './model-data/fit-to-inputs.ts';
import { createStageProgress, feedProgress } from './stage-progress.ts';

/** Runs of which sums in 16 bits are looked at: each takes as long as the model in TypeScript. */
const saturationRuns = 4;

/** What a page about one int8 file is made of. */
export interface QuantizePageParts {
  /** The float model: its name, its file's size and it itself, loaded. */
  readonly file: string;
  readonly bytes: number;
  readonly session: Session;
  readonly out: string;
  readonly shrunk: Shrunk;
  /** How the ranges came about, in words. */
  readonly how: string;
  readonly candidates: readonly { readonly name: string; readonly error: number }[];
  /** What fewer than eight bits a weight mean for the file; empty for eight. */
  readonly narrow: readonly string[];
  readonly data: ModelData;
  /** Samples of one run. */
  readonly batch: number;
  readonly feeds: readonly Feeds[];
  readonly runtime: Runtime;
}

/** The page of `edgewise quantize --report`: everything is measured on the calibration data. */
export async function quantizePage(io: Io, parts: QuantizePageParts): Promise<string> {
  const { shrunk, session, feeds, runtime } = parts;
  const data = wholeBatches(parts.data, session.inputs);
  const { float, model, report } = shrunk;
  const common = { feeds, runtime, signal: io.signal };
  const show = createStageProgress(io);
  const named = namedRuntime(runtime, parts.out);
  await using small = await named.load(writeModel(model), { signal: io.signal });
  const comparison = await compareModels(session, small, {
    samples: comparedOf(data),
    ...(data.labels && { labels: data.labels }),
    ...{ batch: parts.batch, signal: io.signal },
    onProgress: (done, of) => show('Comparing both models', { done, of }),
  });
  const names = { float: parts.file, int8: parts.out };
  const layers = await layerErrors(float, model, {
    ...{ ...common, names },
    ...feedProgress(io, 'Comparing layers', feeds.length),
  });
  io.progress('Counting activations ...');
  const activations = await activationSpreads(float, model, common);
  const few = batchesOf(data, session.inputs, { most: 1 }).slice(0, saturationRuns);
  const saturation = [];
  for (const target of saturationTargets) {
    const options = { runtime, target, signal: io.signal };
    const counted = feedProgress(io, `Adding in 16 bits as on ${target}`, few.length);
    const seen = await saturationOf(model, few, { ...options, ...counted });
    saturation.push({ ...seen, runs: few.length });
  }
  const { accuracy, agreement } = comparison.classes ?? {};
  const scores = accuracy ?? { a: 1, b: agreement ?? 1 };
  return renderReport({
    title: path.basename(parts.out),
    facts: [
      ['made of', `${parts.file}, ${sizeOf(parts.bytes)}`],
      [
        'size',
        `${sizeOf(report.bytesAfter)}, ${percent(report.bytesAfter / parts.bytes)} of the float file`,
      ],
      ['bits', parts.narrow.join(' ')],
      ['nodes in int8', String(report.quantized.length)],
      ['ranges', parts.how],
      ['measured on', `the ${data.count} samples of the calibration`],
    ],
    ...(comparison.classes && {
      scoreIs: accuracy === undefined ? 'agreement' : 'accuracy',
      variants: [
        { name: path.basename(parts.file), bytes: parts.bytes, score: scores.a },
        { name: path.basename(parts.out), bytes: report.bytesAfter, score: scores.b },
      ],
    }),
    compared: ['float', 'int8'],
    ...{ comparison, layers, activations, saturation },
    floatNodes: report.float,
    candidates: parts.candidates.toSorted((a, b) => a.error - b.error),
  });
}

/** What a page about the builds for device classes is made of. */
export interface VariantsPageParts {
  readonly file: string;
  readonly bytes: number;
  readonly scoreIs: 'accuracy' | 'agreement';
  /** Of the float model. */
  readonly score: number | undefined;
  readonly variants: readonly BuiltVariant[];
  /** Samples that ranges and scores come from. */
  readonly samples: number;
  /** How ranges were found. */
  readonly method: string;
}

/** The page of `edgewise quantize --for ... --report`. */
export function variantsPage(parts: VariantsPageParts): string {
  const { file, bytes, scoreIs, score, variants, samples, method } = parts;
  return renderReport({
    title: path.basename(file),
    compared: ['float', 'int8'],
    facts: [
      ['made of', `${file}, ${sizeOf(bytes)}`],
      ['ranges', method],
      ['measured on', `the ${samples} samples of the calibration`],
    ],
    scoreIs,
    variants: [
      { name: 'float32', bytes, ...(score !== undefined && { score }) },
      ...variants.map(({ deviceClass, graph, accuracy, reason }) => ({
        ...{ name: deviceClass, bytes: graph.length, reason },
        ...(accuracy !== undefined && { score: accuracy }),
      })),
    ],
  });
}
