import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder } from '../onnx/builder.ts';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import type { Feeds } from '../runtime/runtime.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { answersOf } from './answers.ts';
import { calibrate } from './calibrate/calibrate.ts';
import { holdOut } from './choose/held-out.ts';
import { prepare } from './prepare.ts';
import { quantize } from './quantize/quantize.ts';
import { shrink } from './shrink.ts';
import type { ShrinkOptions, ShrinkProgress } from './shrink-options.ts';
import { smallFeeds, smallNet } from './testing/small-net.ts';

const runtime = createOnnxRuntime();
const batch = 16;

for (const activations of ['u8', 's8'] as const) {
  test(`a digits network of 105,866 parameters keeps its answers in ${activations}`, async () => {
    const model = digitsNetwork();
    const calibration = Array.from({ length: 4 }, (_, seed) => images(seed));
    const { model: small, report } = await shrink(model, { calibration, runtime, activations });
    const ratio = report.bytesAfter / report.bytesBefore;
    assert.ok(ratio <= 0.28, `size ratio ${ratio}`);
    assert.deepEqual(report.float, []);
    const truth = await run(model, images(99));
    const answer = await run(small, images(99));
    assert.ok(signalToNoiseDb(truth, answer) >= 25, `${signalToNoiseDb(truth, answer)} dB`);
    assert.ok(agreement(truth, answer) >= 15 / 16);
  });
}

test('shrinking the same model twice gives the same bytes', async () => {
  const options = { calibration: [images(1)], runtime };
  const [one, two] = [
    await shrink(digitsNetwork(), options),
    await shrink(digitsNetwork(), options),
  ];
  assert.deepEqual(writeModel(one.model), writeModel(two.model));
});

test('without a method the result is that of minmax, byte for byte', async () => {
  const model = smallNet();
  const prepared = prepare(model);
  const ranges = await calibrate(prepared, smallFeeds(3), runtime, { method: 'minmax' });
  const how = { activations: 'u8', perChannel: true, reduceRange: false } as const;
  const { report, model: small } = await shrink(model, { calibration: smallFeeds(3), runtime });
  assert.deepEqual(writeModel(small), writeModel(quantize(prepared, ranges, how).model));
  assert.deepEqual(report.how, { method: 'minmax', equalize: false, correctBias: false });
  assert.equal(report.candidates, undefined);
});

test('each method and step changes the file', async () => {
  const calibration = smallFeeds(3);
  const variants = [
    {},
    { method: 'percentile', percentile: 99 },
    { method: 'percentile', percentile: 99, symmetric: true },
    { method: 'percentile', percentile: 99, likeOnnxruntime: true },
    { method: 'mse' },
    { method: 'entropy' },
    { method: 'mse', equalize: true },
    { method: 'mse', correctBias: true },
    { weights: 'u8' },
    { symmetricActivations: true },
    { weightBits: 4 },
    { weightBits: 4, adaRound: { steps: 30 } },
    { weightBits: 4, adaRound: { steps: 30 }, correctBias: true },
  ] as const;
  const files = new Set<string>();
  for (const variant of variants) {
    const { model } = await shrink(smallNet(), { calibration, runtime, ...variant });
    files.add(Buffer.from(writeModel(model)).toString('base64'));
  }
  assert.equal(files.size, variants.length);
});

test('feeds that can be read only once suffice for every method', async () => {
  for (const method of ['minmax', 'mse', 'auto'] as const) {
    const once = (function* feeds() {
      yield* smallFeeds(4);
    })();
    const one = await shrink(smallNet(), { calibration: once, runtime, method });
    const other = await shrink(smallNet(), { calibration: smallFeeds(4), runtime, method });
    assert.deepEqual(writeModel(one.model), writeModel(other.model));
  }
});

test('progress names every stage in turn', async () => {
  const stages: string[] = [];
  const onProgress = ({ stage, done, of }: ShrinkProgress): void => {
    assert.ok(of === undefined || done <= of);
    if (stages.at(-1) !== stage) stages.push(stage);
  };
  const options = { calibration: smallFeeds(4), runtime, onProgress, correctBias: true };
  const adaRound = { steps: 5 };
  await shrink(smallNet(), { ...options, method: 'auto', budget: { maxFloatMacs: 0.3 }, adaRound });
  const trying = ['ada-round', 'choose', 'ada-round', 'choose'];
  const wanted = ['calibrate', 'ada-round', 'sensitivity', 'exclude', 'correct-bias'];
  assert.deepEqual(stages, [...trying, ...wanted]);
});

test('learned rounding is told by layer, and leaves alone what is excluded', async () => {
  const options = { calibration: smallFeeds(4), runtime, weightBits: 4 } as const;
  const exclude = new Set(['third']);
  const { report } = await shrink(smallNet(), { ...options, adaRound: { steps: 50 }, exclude });
  const nodes = report.rounding?.map(({ node }) => node);
  assert.deepEqual(nodes, ['first', 'narrow', 'fourth', 'last']);
  assert.ok(report.rounding?.every(({ error, nearestError }) => error <= nearestError));
  assert.equal(
    (await shrink(smallNet(), { ...options, adaRound: false })).report.rounding,
    undefined,
  );
});

test('ways and layers are judged with the rounding that the model gets', async () => {
  const calibration = smallFeeds(16);
  const adaRound = { steps: 100 };
  const options = { calibration, runtime, weightBits: 3, adaRound } as const;
  const { heldOut } = holdOut(calibration);
  const answers = await answersOf(prepare(smallNet()), heldOut, { runtime });
  const chosen = await shrink(smallNet(), { ...options, method: 'auto' });
  const { how, candidates = [] } = chosen.report;
  const judged = candidates.findLast(
    ({ method, percentile, equalize }) =>
      method === how.method && percentile === how.percentile && equalize === how.equalize,
  );
  const { error } = await answers.errorOf(chosen.model);
  assert.ok((judged?.error ?? 1) < 2 * error, `${judged?.error} for ${error}`);
  // Here the very same weights are judged and written.
  const mixed = await shrink(smallNet(), { ...options, budget: { maxFloatMacs: 0.3 } });
  const { errorAfter, float } = mixed.report.mixedPrecision ?? {};
  assert.ok((float?.length ?? 0) > 0);
  assert.equal((await answers.errorOf(mixed.model)).error, errorAfter);
});

test('what learns to round corrects biases only when told to', async () => {
  const options = { calibration: smallFeeds(4), runtime, method: 'auto', weightBits: 4 } as const;
  const adaRound = { steps: 5 };
  const left = await shrink(smallNet(), { ...options, adaRound });
  const told = await shrink(smallNet(), { ...options, adaRound, correctBias: true });
  assert.deepEqual([left.report.how.correctBias, told.report.how.correctBias], [false, true]);
  assert.equal(
    left.report.candidates?.some(({ correctBias }) => correctBias),
    false,
  );
});

test('an abort ends every stage', async () => {
  for (const last of ['choose', 'calibrate', 'sensitivity', 'exclude', 'ada-round'] as const) {
    const abort = new AbortController();
    const onProgress = ({ stage }: ShrinkProgress): void => {
      if (stage === last) abort.abort();
    };
    const common = { calibration: smallFeeds(4), runtime, onProgress, signal: abort.signal };
    const options = { ...common, adaRound: { steps: 5 } };
    await assert.rejects(
      shrink(smallNet(), {
        ...options,
        method: 'auto',
        budget: { maxFloatMacs: 0.3 },
        correctBias: true,
      }),
      (error) => error instanceof FleetError && error.code === 'canceled',
      last,
    );
  }
});

test('what cannot be learned is refused before any feed is read', async () => {
  const calibration: Iterable<Feeds> = {
    [Symbol.iterator]: () => assert.fail('A feed was asked for.'),
  };
  for (const change of [{ weights: 'u8', adaRound: true }, { adaRound: { steps: 0 } }] as const) {
    await assert.rejects(
      shrink(smallNet(), { calibration, runtime, ...change }),
      (thrown) => thrown instanceof FleetError && thrown.code === 'invalid-argument',
    );
  }
});

test('the Python tool chooses nothing, learns nothing and has neither mse nor few bits', async () => {
  const options = { calibration: smallFeeds(2), runtime, likeOnnxruntime: true };
  const lacking = [{ method: 'auto' }, { method: 'mse' }, { adaRound: true }, { weightBits: 4 }];
  for (const change of lacking as readonly Partial<ShrinkOptions>[]) {
    await assert.rejects(
      shrink(smallNet(), { ...options, ...change }),
      (error) => error instanceof FleetError && error.code === 'invalid-argument',
    );
  }
});

async function run(model: Model, feeds: Feeds): Promise<Float32Array> {
  await using session = await runtime.load(writeModel(model));
  const { y } = await session.run(feeds);
  return y?.data as Float32Array;
}

function signalToNoiseDb(truth: Float32Array, answer: Float32Array): number {
  const power = (numbers: Float32Array): number => numbers.reduce((sum, x) => sum + x * x, 0);
  return 10 * Math.log10(power(truth) / power(truth.map((x, at) => x - (answer[at] ?? 0))));
}

function agreement(truth: Float32Array, answer: Float32Array): number {
  const labels = (logits: Float32Array): number[] =>
    Array.from({ length: batch }, (_, row) => {
      const scores = logits.subarray(row * 10, row * 10 + 10);
      return scores.indexOf(Math.max(...scores));
    });
  const given = labels(answer);
  return labels(truth).filter((label, row) => label === given[row]).length / batch;
}

/** conv 16, pool, conv 32, pool, dense 64, dense 10 with He weights. */
function digitsNetwork(): Model {
  const { normal } = createRandom(7);
  const g = createGraphBuilder({ name: 'digits' });
  const weights = (name: string, dims: number[], fanIn: number): string => {
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, normal);
    return g.initializer(
      name,
      tensor(
        'float32',
        dims,
        data.map((x) => x * Math.sqrt(2 / fanIn)),
      ),
    );
  };
  const bias = (name: string, size: number): string => weights(name, [size], 200);
  const pads = { pads: { type: 'ints', value: [1n, 1n, 1n, 1n] } } as const;
  const pool = {
    kernel_shape: { type: 'ints', value: [2n, 2n] },
    strides: { type: 'ints', value: [2n, 2n] },
  } as const;
  let x = g.input('x', 'float32', [batch, 1, 28, 28]);
  x = g.op('Conv', [x, weights('w1', [16, 1, 3, 3], 9), bias('b1', 16)], { attributes: pads });
  x = g.op('MaxPool', [g.op('Relu', [x])], { attributes: pool });
  x = g.op('Conv', [x, weights('w2', [32, 16, 3, 3], 144), bias('b2', 32)], { attributes: pads });
  x = g.op('Relu', [x]);
  x = g.op('Flatten', [g.op('MaxPool', [x], { attributes: pool })]);
  x = g.op('Relu', [g.op('Gemm', [x, weights('w3', [1568, 64], 1568), bias('b3', 64)])]);
  g.op('Gemm', [x, weights('w4', [64, 10], 64), bias('b4', 10)], { output: 'y' });
  g.output('y', 'float32', [batch, 10]);
  return g.build();
}

function images(seed: number): Feeds {
  const { normal } = createRandom(seed);
  const data = Float32Array.from({ length: batch * 784 }, () => Math.max(0, normal()));
  return { x: tensor('float32', [batch, 1, 28, 28], data) };
}

test('calibration by minmax tells how far it is', async () => {
  const told: unknown[] = [];
  const onProgress = ({ done, of }: ShrinkProgress): void => void told.push([done, of]);
  await shrink(smallNet(), { calibration: smallFeeds(3), runtime, onProgress });
  assert.deepEqual(
    told,
    [1, 2, 3].map((done) => [done, 3]),
  );
});
