import path from 'node:path';
import { compareModels } from '@edgewise/models/inspect';
import type { Model } from '@edgewise/models/onnx';
import { type BuildVariantsOptions, buildVariants, plannedClasses } from '@edgewise/models/plan';
import { namedRuntime, type Runtime, type Session } from '@edgewise/models/runtime';
import { FleetError } from '@edgewise/protocol';
import { answer } from './context.ts';
import { type Io, percent, sizeOf } from './io.ts';
import { batchSizeOf, wholeBatches } from './model-data/batches.ts';
import type { ModelData } from './model-data/fit-to-inputs.ts';
import { writeNamedFile } from './named-file.ts';
import { variantsPage } from './quantize-page.ts';
import { createStageProgress } from './stage-progress.ts';

/** What the builds for device classes are made of. */
export interface QuantizeForParts {
  readonly file: string;
  /** Size of that file. */
  readonly bytes: number;
  /** The float model. */
  readonly session: Session;
  readonly data: ModelData;
  readonly runtime: Runtime;
  /** Device classes, joined by commas. */
  readonly for: string;
  /** How activation ranges are found. */
  readonly calibrate: NonNullable<BuildVariantsOptions['method']>;
  readonly out: string;
  readonly report?: string;
  readonly json?: boolean;
}

/**
 * `edgewise quantize --for`: one file for each device class beside `out`. Throws `invalid-argument`
 * for a class that nothing is built for.
 */
export async function quantizeFor(io: Io, model: Model, parts: QuantizeForParts): Promise<void> {
  const { runtime, session } = parts;
  const data = wholeBatches(parts.data, session.inputs);
  if (data.isEach === true) {
    const advice =
      'leave --for out, or export the model with samples as the first axis of each input.';
    throw new FleetError(
      'invalid-argument',
      `Devices feed samples along the first axis: ${advice}`,
    );
  }
  const deviceClasses = classesOf(parts.for);
  io.progress(`Building for ${deviceClasses.join(', ')} with ${data.count} samples ...`);
  const own = await scoresOf(io, session, { session, data });
  const measure = async (graph: Uint8Array, how: { optimise: 'none' | 'all' }): Promise<number> => {
    await using other = await namedRuntime(runtime, 'The int8 model').load(graph, how);
    return (await scoresOf(io, other, { session, data }))?.b ?? 0;
  };
  const show = createStageProgress(io);
  const variants = await buildVariants(model, {
    ...{ deviceClasses, calibration: data.samples, signal: io.signal, host: 'x64' },
    runtime: namedRuntime(runtime, parts.file),
    method: parts.calibrate,
    ...(own && { measure }),
    onBuilt: (done, of) => show('Building', { done, of }),
  });
  if (parts.report !== undefined) {
    const scoreIs = data.labels === undefined ? 'agreement' : 'accuracy';
    const counted = { samples: data.count, method: parts.calibrate };
    const page = variantsPage({ ...parts, ...counted, scoreIs, score: own?.a, variants });
    await writeNamedFile(io, parts.report, new TextEncoder().encode(page));
  }
  const written = [];
  for (const { deviceClass, scheme, reason, accuracy, graph, golden } of variants) {
    const out = variantFile(parts.out, deviceClass);
    await writeNamedFile(io, out, graph);
    const facts = { out, deviceClass, scheme, bytes: graph.length, reason };
    const score = data.labels === undefined ? { agreement: accuracy } : { accuracy };
    written.push({ ...facts, ...score, goldenVectors: golden.vectors });
  }
  const right = own === undefined || data.labels === undefined ? '' : `, ${percent(own.a)} right`;
  const float = `${parts.file}: float32, ${sizeOf(parts.bytes)}${right}`;
  answer(io, parts, written, (all) => [float, ...all.map(textOf)].join('\n'));
}

/** The files that `--for` writes in place of `out`. Throws as `quantizeFor` does. */
export const variantFiles = (out: string, list: string): readonly string[] => [
  ...new Set(classesOf(list).map((deviceClass) => variantFile(out, deviceClass))),
];

function variantFile(out: string, deviceClass: string): string {
  const { dir, name, ext } = path.parse(out);
  return path.join(dir, `${name}.${deviceClass}${ext}`);
}

interface Written {
  readonly out: string;
  readonly scheme: string;
  readonly bytes: number;
  readonly reason: string;
  readonly goldenVectors: number;
  readonly accuracy?: number | undefined;
  readonly agreement?: number | undefined;
}

function textOf({ out, scheme, bytes, reason, goldenVectors, ...scores }: Written): string {
  const { accuracy, agreement } = scores;
  const facts = [
    ...[scheme, sizeOf(bytes)],
    ...(accuracy === undefined ? [] : [`${percent(accuracy)} right`]),
    ...(agreement === undefined ? [] : [`${percent(agreement)} answered as in float`]),
    `a device would prove it with ${goldenVectors} golden vectors`,
  ];
  return `${out}: ${facts.join(', ')}\n  ${reason}`;
}

function classesOf(list: string) {
  const known = plannedClasses();
  const named = list.split(',').map((text) => {
    const found = known.find((each) => each === text.trim());
    if (found !== undefined) return found;
    throw new FleetError(
      'invalid-argument',
      `There is no build for "${text}"; there are ${known.join(', ')}.`,
    );
  });
  return [...new Set(named)];
}

/** Accuracy of the float model and of another one, or without labels how often they agree. */
async function scoresOf(
  { signal }: Io,
  other: Session,
  { session, data }: Pick<QuantizeForParts, 'session' | 'data'>,
): Promise<{ readonly a: number; readonly b: number } | undefined> {
  const { classes } = await compareModels(session, other, {
    samples: data.samples,
    ...(data.labels && { labels: data.labels }),
    ...{ batch: batchSizeOf(session.inputs), runs: 1, signal },
  });
  return classes && (classes.accuracy ?? { a: 1, b: classes.agreement });
}
