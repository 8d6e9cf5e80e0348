import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { learnRounding } from './learn-rounding.ts';
import { problemOf } from './problem.ts';
import { productLayoutOf } from './product-layout.ts';
import { createRoundingEngine } from './rounding-engine.ts';
import { completeSettings } from './settings.ts';

const runtime = createOnnxRuntime();
const engine = createRoundingEngine({ runtime, threads: 1, signal: undefined });
after(() => engine[Symbol.asyncDispose]());
const [depth, width, rows, greatest] = [8, 4, 128, 3];
const channels = [...Array(width).keys()];

for (const [name, low] of [
  ['without a bound', Number.NEGATIVE_INFINITY],
  ['before a Relu', 0],
] as const) {
  test(`what is learned ${name} takes most of what the best of all roundings gains`, async () => {
    let [nearest, learned, layers] = [0, 0, 0];
    for (const seed of [1, 2, 3, 4]) {
      const layer = aLayer(seed, { low, unit: 1 });
      const found = await learnt(layer);
      for (const channel of channels) {
        const best = bestError(layer, channel);
        nearest += errorOf(layer, channel, columnOf(layer.problem.nearest, channel)) / best;
        learned += errorOf(layer, channel, columnOf(found, channel)) / best;
        layers++;
      }
    }
    const [before, after] = [nearest / layers - 1, learned / layers - 1];
    assert.ok(before > 0.5 && after < 0.4 * before, `${before} ${after}`);
  });
}

test('the units of inputs and weights make no difference', async () => {
  const options = { low: Number.NEGATIVE_INFINITY };
  const [small, large] = [
    aLayer(5, { ...options, unit: 2 ** -12 }),
    aLayer(5, { ...options, unit: 2 ** 12 }),
  ];
  const learned = await learnt(small);
  assert.deepEqual(await learnt(large), learned);
  assert.notDeepEqual(learned, small.problem.nearest);
});

type Layer = ReturnType<typeof aLayer>;

/** Inputs that depend on each other, so that one weight's rounding makes up for another's. */
function aLayer(seed: number, { low, unit }: { readonly low: number; readonly unit: number }) {
  const { normal } = createRandom(seed);
  const normals = (count: number): readonly number[] => Array.from({ length: count }, normal);
  const mixing = normals(depth * depth);
  const input = new Float32Array(rows * depth);
  for (let row = 0; row < rows; row++) {
    const sources = normals(depth);
    for (let at = 0; at < depth; at++) {
      const mixed = sources.reduce(
        (sum, each, from) => sum + each * (mixing[at * depth + from] ?? 0),
        1,
      );
      input[row * depth + at] = mixed * unit;
    }
  }
  const weights = Float32Array.from(normals(depth * width), (weight) => weight * unit);
  const params = channels.map((channel) => ({
    scale: Math.fround(Math.max(...columnOf(weights, channel).map(Math.abs)) / greatest),
    zero: 0,
  }));
  const attributes = new Map();
  const node = { name: '', op: 'MatMul', domain: '', inputs: [], outputs: [], attributes };
  const layout = productLayoutOf(node, [depth, width]);
  assert.ok(layout);
  const bounds = { low, high: Number.POSITIVE_INFINITY };
  const grid = { params, limits: { least: -greatest, greatest } };
  const problem = problemOf({ layout, bias: undefined, bounds }, weights, grid);
  const wanted = new Float32Array(rows * width);
  for (const channel of channels) {
    const outputs = outputsOf(input, columnOf(weights, channel), low);
    for (const [row, value] of outputs.entries()) wanted[row * width + channel] = value;
  }
  return { problem, params, input, wanted, low };
}

async function learnt({ problem, input, wanted }: Layer): Promise<Float32Array> {
  const batch = {
    input: tensor('float32', [1, rows, depth], input),
    wanted: tensor('float32', [1, rows, width], wanted),
  };
  return await learnRounding(problem, [batch], { settings: completeSettings({}), engine });
}

const columnOf = (matrix: Float32Array, channel: number): readonly number[] =>
  Array.from(matrix.filter((_, at) => at % width === channel));

function outputsOf(
  input: Float32Array,
  weights: readonly number[],
  low: number,
): readonly number[] {
  return Array.from({ length: rows }, (_, row) =>
    Math.max(
      low,
      weights.reduce((sum, weight, at) => sum + weight * (input[row * depth + at] ?? 0), 0),
    ),
  );
}

function errorOf(layer: Layer, channel: number, integers: readonly number[]): number {
  const scale = layer.params[channel]?.scale ?? NaN;
  const weights = integers.map((integer) => integer * scale);
  const wanted = columnOf(layer.wanted, channel);
  return outputsOf(layer.input, weights, layer.low).reduce(
    (sum, value, row) => sum + (value - (wanted[row] ?? NaN)) ** 2,
    0,
  );
}

/** The least error of all ways to round a channel down or up. */
function bestError(layer: Layer, channel: number): number {
  const below = columnOf(layer.problem.below.data, channel);
  let best = Number.POSITIVE_INFINITY;
  for (let ups = 0; ups < 2 ** depth; ups++) {
    const integers = below.map((integer, at) =>
      Math.min(Math.max(integer + ((ups >> at) & 1), -greatest), greatest),
    );
    best = Math.min(best, errorOf(layer, channel, integers));
  }
  return best;
}
