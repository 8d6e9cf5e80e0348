import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { sliceVectors } from '../../bundle/vectors.ts';
import { createGraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { barsByHalf, barsByHalfRecipe } from '../../train/testing/bars.ts';
import { train } from '../../train/train.ts';
import { answersOf } from '../answers.ts';
import { calibrate } from '../calibrate/calibrate.ts';
import { prepare } from '../prepare.ts';
import type { WeightBits } from '../quantize/formulas.ts';
import type { QuantizeOptions } from '../quantize/options.ts';
import { quantize } from '../quantize/quantize.ts';
import { manyKinds, normals } from '../testing/many-kinds.ts';
import { smallFeeds, smallNet } from '../testing/small-net.ts';
import { type AdaRoundOptions, adaRound, type RoundedLayer } from './ada-round.ts';
import { weightsAtOnce } from './channel-blocks.ts';
import { feedsThatFit } from './feeds-that-fit.ts';
import { fitWeightRanges } from './fit-weight-ranges.ts';

const runtime = createOnnxRuntime();
const minmax = { method: 'minmax' } as const;
const grid = { activations: 'u8', perChannel: true, reduceRange: false } as const;

/** Trained once for all tests. */
const trained = prepare(await trainedNet());
const feeds = barFeeds(12, 1);
const ranges = await calibrate(trained, feeds, runtime, minmax);
const answers = await answersOf(trained, barFeeds(8, 2), { runtime });

for (const weightBits of [4, 3] as const) {
  test(`at W${weightBits} the error of a trained network falls to less than half`, async () => {
    const options = { ...grid, weightBits };
    const layers: RoundedLayer[] = [];
    const integers = await adaRound(work({ options, onLayer: (layer) => layers.push(layer) }));
    const nearest = await answers.errorOf(quantize(trained, ranges, options).model);
    const learned = await answers.errorOf(
      quantize(trained, ranges, { ...options, integers }).model,
    );
    assert.ok(learned.error < 0.5 * nearest.error, `${nearest.error} ${learned.error}`);
    assert.deepEqual(
      layers.map(({ done, of }) => `${done}/${of}`),
      ['1/4', '2/4', '3/4', '4/4'],
    );
    assert.ok(layers.every(({ moved }) => moved > 0 && moved < 0.5));
  });
}

test('at 8 bits no layer gets worse on what was held out, nor the output beyond chance', async () => {
  const nearest = await answers.errorOf(quantize(trained, ranges, grid).model);
  const layers: RoundedLayer[] = [];
  const integers = await adaRound(work({ options: grid, onLayer: (layer) => layers.push(layer) }));
  const { error } = await answers.errorOf(quantize(trained, ranges, { ...grid, integers }).model);
  assert.ok(layers.every((layer) => layer.error <= layer.nearestError));
  // What rounding the activations adds is larger than what is gained here.
  assert.ok(error <= 1.15 * nearest.error, `${nearest.error} ${error}`);
});

for (const options of [
  { ...grid, weightBits: 4 },
  { ...grid, weightBits: 3, perChannel: false },
  { ...grid, weightBits: 2, activations: 's8' },
  grid,
  { ...grid, reduceRange: true },
] as const satisfies readonly QuantizeOptions[]) {
  test(`integers stay on the grid, one step from the nearest: ${JSON.stringify(options)}`, async () => {
    const integers = await adaRound(work({ options, steps: 100 }));
    const bits: WeightBits = 'weightBits' in options ? options.weightBits : 8;
    const greatest = options.reduceRange ? 64 : 2 ** (bits - 1) - 1;
    const nearest = integersIn(quantize(trained, ranges, options).model);
    const learned = integersIn(quantize(trained, ranges, { ...options, integers }).model);
    assert.equal(integers.size, 4);
    let moved = 0;
    for (const [name, numbers] of learned) {
      for (const [at, number] of numbers.entries()) {
        const apart = Math.abs(number - (nearest.get(name)?.[at] ?? NaN));
        assert.ok(apart <= 1 && Math.abs(number) <= greatest, `${number} ${apart}`);
        moved += apart;
      }
    }
    assert.ok(moved > 0);
  });
}

test('the same input gives the same integers, another seed gives others', async () => {
  const options = { ...grid, weightBits: 3 } as const;
  const run = (seed: number) => adaRound(work({ options, seed, steps: 60 }));
  const [one, two, other] = [await run(1), await run(1), await run(2)];
  assert.deepEqual(one, two);
  assert.notDeepEqual(one, other);
});

test('a layer learns from what the rounded layers before it give', async () => {
  const options = { ...grid, weightBits: 2 } as const;
  const all = await adaRound(work({ options, steps: 60 }));
  const [last = ''] = [...all.keys()].slice(-1);
  const before = new Map([...all].slice(0, -1));
  const rest = await adaRound(work({ options: { ...options, integers: before }, steps: 60 }));
  assert.deepEqual(rest.get(last), all.get(last));
  const other = new Map([...before].map(([name, numbers]) => [name, numbers.map((n) => -n)]));
  const misled = await adaRound(work({ options: { ...options, integers: other }, steps: 60 }));
  assert.notDeepEqual(misled.get(last), all.get(last));
});

test('excluded layers, given integers and given ranges are respected', async () => {
  const { nodes, initializers } = trained.graph;
  const layers = nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm');
  const [first, second, third] = layers.map(({ inputs: [, weight = ''] }) => weight) as [
    ...[string, string, string],
  ];
  const size = initializers.get(second)?.data.length ?? 0;
  const channels = initializers.get(third)?.dims[0] ?? 0;
  const own = new Int8Array(size).fill(2);
  const options = {
    ...grid,
    weightBits: 4,
    exclude: new Set([layers[0]?.name ?? '']),
    integers: new Map([[second, own]]),
    weightRanges: new Map([[third, Array<number>(channels).fill(0.05)]]),
  } as const;
  const integers = await adaRound(work({ options, steps: 60 }));
  assert.equal(integers.has(first), false);
  assert.equal(integers.get(second), own);
  const numbers = integers.get(third) ?? new Int8Array();
  const nearest = integersIn(quantize(trained, ranges, options).model).get(third);
  // So narrow a range clips most weights, and these have no choice.
  assert.ok(numbers.filter((number) => Math.abs(number) === 7).length > size / 4);
  assert.ok(numbers.every((number, at) => Math.abs(number - (nearest?.[at] ?? NaN)) <= 1));
});

test('every kind of layer is learned; one that shares its weight or computes its bias is not', async () => {
  const model = manyKinds();
  const inputs = Array.from({ length: 8 }, (_, at) => ({ x: normals([4, 4, 6, 6], at) }));
  const seen = await calibrate(model, inputs, runtime, minmax);
  const options = { ...grid, weightBits: 3 } as const;
  const layers: RoundedLayer[] = [];
  const integers = await adaRound({
    ...{ model, ranges: seen, options, feeds: inputs, runtime, steps: 200 },
    onLayer: (layer) => layers.push(layer),
  });
  assert.deepEqual(
    layers.map(({ node }) => node),
    ['depthwise', 'grouped', 'transposed', 'matmul', 'gemm'],
  );
  for (const { node, error, nearestError } of layers) assert.ok(error < nearestError, node);
  const nearestIn = integersIn(quantize(model, seen, options).model);
  for (const [name, numbers] of integers) {
    assert.ok(
      numbers.every((number, at) => Math.abs(number - (nearestIn.get(name)?.[at] ?? NaN)) <= 1),
    );
  }
  const truth = await answersOf(model, inputs, { runtime });
  const [nearest, learned] = [
    await truth.errorOf(quantize(model, seen, options).model),
    await truth.errorOf(quantize(model, seen, { ...options, integers }).model),
  ];
  assert.ok(learned.error < nearest.error);
});

test('an untrained network with a channel that spans two orders of magnitude gains as well', async () => {
  const model = prepare(smallNet());
  const seen = await calibrate(model, smallFeeds(8), runtime, minmax);
  const options = { ...grid, weightBits: 4 } as const;
  const integers = await adaRound({
    ...{ model, ranges: seen, options, feeds: smallFeeds(8), runtime, steps: 300 },
  });
  const truth = await answersOf(model, smallFeeds(4, 9), { runtime });
  const [nearest, learned] = [
    await truth.errorOf(quantize(model, seen, options).model),
    await truth.errorOf(quantize(model, seen, { ...options, integers }).model),
  ];
  assert.ok(learned.error < 0.7 * nearest.error, `${nearest.error} ${learned.error}`);
});

test('one feed serves to learn and to judge', async () => {
  const options = { ...grid, weightBits: 3 } as const;
  const integers = await adaRound(work({ options, feeds: feeds.slice(0, 1), steps: 60 }));
  assert.equal(integers.size, 4);
});

test('what a single feed of few samples teaches is not worse on others than nearest', async () => {
  const g = createGraphBuilder({ name: 'few' });
  const w = (dims: readonly number[], seed: number) =>
    g.initializer(`w${seed}`, normals(dims, seed));
  const x = g.op('Relu', [g.op('MatMul', [g.input('x', 'float32', ['n', 32]), w([32, 24], 101)])]);
  g.op('MatMul', [x, w([24, 10], 102)], { output: 'y' });
  g.output('y', 'float32', ['n', 10]);
  const model = prepare(g.build());
  const few = [{ x: normals([16, 32], 1) }];
  const seen = await calibrate(model, few, runtime, minmax);
  const plain = { ...grid, weightBits: 2 } as const;
  const options = { ...plain, weightRanges: fitWeightRanges(model, seen, plain) };
  const integers = await adaRound({ model, ranges: seen, options, feeds: few, runtime });
  const truth = await answersOf(model, [{ x: normals([500, 32], 2) }], { runtime });
  const [nearest, learned] = [
    await truth.errorOf(quantize(model, seen, options).model),
    await truth.errorOf(quantize(model, seen, { ...options, integers }).model),
  ];
  assert.ok(learned.error < 1.05 * nearest.error, `${nearest.error} ${learned.error}`);
});

test('a Gemm that adds a number per row instead of per channel is left alone', async () => {
  const g = createGraphBuilder({ name: 'rows' });
  const x = g.input('x', 'float32', [4, 6]);
  const [weight, rows] = [
    g.initializer('w', normals([6, 4], 101)),
    g.initializer('b', normals([4, 1], 2)),
  ];
  g.op('Gemm', [x, weight, rows], { output: 'y' });
  g.output('y', 'float32', [4, 4]);
  const model = prepare(g.build());
  const inputs = Array.from({ length: 8 }, (_, at) => ({ x: normals([4, 6], at) }));
  const seen = await calibrate(model, inputs, runtime, minmax);
  const run = { model, ranges: seen, options: grid, feeds: inputs, runtime, steps: 20 };
  assert.equal((await adaRound(run)).size, 0);
});

test('an abort ends learning', async () => {
  const abort = new AbortController();
  const options = { ...grid, weightBits: 4 } as const;
  const onLayer = (): void => abort.abort();
  const run = adaRound(work({ options, onLayer, signal: abort.signal, steps: 20 }));
  await assert.rejects(run, refused('canceled'));
});

test('bad input is refused', async () => {
  const options = { ...grid, weightBits: 4 } as const;
  const cases: readonly [Partial<AdaRoundOptions>, string][] = [
    [{ feeds: [] }, 'insufficient-data'],
    [{ options: { ...grid, weights: 'u8' } }, 'invalid-argument'],
    [{ steps: 0 }, 'invalid-argument'],
    [{ steps: 1.5 }, 'invalid-argument'],
    [{ rate: Number.NaN }, 'invalid-argument'],
    [{ regularisation: -1 }, 'invalid-argument'],
    [{ seed: 0.5 }, 'invalid-argument'],
    [{ weightsAtOnce: 0 }, 'invalid-argument'],
    [{ weightsAtOnce: Number.NaN }, 'invalid-argument'],
    [{ ranges: new Map() }, 'invalid-argument'],
    [{ feeds: [{ other: normals([1, 8], 1) }] }, 'invalid-argument'],
  ];
  for (const [change, code] of cases) {
    await assert.rejects(
      adaRound(work({ options, ...change })),
      refused(code),
      JSON.stringify(change),
    );
  }
});

test('no more feeds are kept than fit, and one at least', async () => {
  const many = barFeeds(5, 1);
  assert.equal((await feedsThatFit(trained, many)).length, 5);
  assert.equal((await feedsThatFit(trained, many, { most: 1 })).length, 1);
  const two = await feedsThatFit(trained, many, { most: 3 * 2 * 50 * 8 * 8 * 8 * 4 * 2 });
  assert.ok(two.length > 1 && two.length < 5, `${two.length}`);
});

test('what a channel has beyond the weights that are learned at once takes from the feeds', async () => {
  const many = barFeeds(5, 1);
  const few = 3 * 2 * 50 * 8 * 8 * 8 * 4 * 2;
  const taken = async (channelWeights: number): Promise<number> =>
    (await feedsThatFit(trained, many, { most: 10 * few, channelWeights })).length;
  assert.equal(await taken(weightsAtOnce), 5);
  const some = await taken(weightsAtOnce + (9 * few) / 128);
  assert.ok(some > 1 && some < 5, `${some}`);
  assert.equal(await taken(2 * weightsAtOnce), 1);
});

test('values of unknown size count for what fits', async () => {
  const g = createGraphBuilder({ name: 'reshaped' });
  const x = g.input('x', 'float32', ['n', 64]);
  g.op('Relu', [g.op('Reshape', [x, g.input('sizes', 'int64', [2])])], { output: 'y' });
  g.output('y', 'float32', []);
  const feed = { x: normals([4, 64], 1), sizes: tensor('int64', [2], BigInt64Array.of(8n, 32n)) };
  const most = 2 * 6 * 4 * (4 * 64 + 4);
  assert.equal((await feedsThatFit(g.build(), Array(6).fill(feed), { most })).length, 2);
});

function work(change: Partial<AdaRoundOptions>): AdaRoundOptions {
  return { model: trained, ranges, options: grid, feeds, runtime, steps: 400, ...change };
}

const refused = (code: string) => (error: unknown) =>
  error instanceof FleetError && error.code === code;

/** The int8 weights of a quantized graph by the name of the constant they come from. */
function integersIn({ graph }: Model): ReadonlyMap<string, Int8Array> {
  return new Map(
    graph.nodes
      .filter(({ op }) => ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'].includes(op))
      .flatMap(({ inputs: [, weight = ''] }) => {
        const source = graph.nodes.find(({ outputs }) => outputs[0] === weight);
        const constant = graph.initializers.get(source?.inputs[0] ?? '');
        return constant === undefined ? [] : [[weight, constant.data as Int8Array]];
      }),
  );
}

async function trainedNet(): Promise<Model> {
  return (await train({ recipe: barsByHalfRecipe(), data: barsByHalf(600, 1), runtime })).model;
}

/** Feeds of fifty images each. */
function barFeeds(count: number, seed: number): readonly Feeds[] {
  const { inputs } = barsByHalf(50 * count, seed);
  return Array.from({ length: count }, (_, feed) => sliceVectors({ input: inputs }, 50 * feed, 50));
}
