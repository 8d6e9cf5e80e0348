import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../../tensor/tensor.ts';
import { judge } from './judge.ts';
import { problemOf } from './problem.ts';
import { productLayoutOf } from './product-layout.ts';
import { createRoundingEngine } from './rounding-engine.ts';

const runtime = createOnnxRuntime();
const engine = createRoundingEngine({ runtime, threads: 1, signal: undefined });
after(() => engine[Symbol.asyncDispose]());

test('what was learned is taken channel by channel, where it does better', async () => {
  const { problem, batches } = twoChannels();
  // By halves of a step, the truth is a step above the nearest in channel 0, and the nearest in 1.
  const learned = problem.nearest.map((integer) => integer + 1);
  const verdict = await judge(problem, learned, { batches, engine });
  const { chosen, wanted } = verdict;
  const [error, nearestError] = [verdict.error / wanted, verdict.nearestError / wanted];
  const channel = (numbers: Float32Array, c: number) => numbers.filter((_, at) => at % 2 === c);
  assert.deepEqual(channel(chosen, 0), channel(learned, 0));
  assert.deepEqual(channel(chosen, 1), channel(problem.nearest, 1));
  assert.ok(error < 1e-12 && nearestError > 0.01, `${error} ${nearestError}`);
});

test('without rows to judge by, nearest stays', async () => {
  const { problem } = twoChannels();
  const learned = problem.nearest.map((integer) => integer + 1);
  assert.equal((await judge(problem, learned, { batches: [], engine })).chosen, problem.nearest);
});

/** Three inputs, two outputs, after which a Relu follows. */
function twoChannels() {
  const { normal } = createRandom(1);
  const attributes = new Map();
  const node = {
    name: '',
    op: 'MatMul',
    domain: '',
    inputs: ['x', 'w'],
    outputs: ['y'],
    attributes,
  };
  const layout = productLayoutOf(node, [3, 2]);
  assert.ok(layout !== undefined);
  const weights = Float32Array.from([1, 2, 3, -1, 0, 2], (steps) => steps * 0.5);
  const bounds = { low: 0, high: Infinity };
  const grid = { params: [{ scale: 0.5, zero: 0 }], limits: { least: -7, greatest: 7 } };
  const problem = problemOf({ layout, bias: Float32Array.of(0.5, -0.5), bounds }, weights, grid);
  const rows = 20;
  const input = Float32Array.from({ length: rows * 3 }, normal);
  const wanted = Float32Array.from({ length: rows * 2 }, (_, at) => {
    const [row, channel] = [Math.floor(at / 2), at % 2];
    let sum = channel === 0 ? 0.5 : -0.5;
    for (let k = 0; k < 3; k++) {
      const weight = (weights[2 * k + channel] ?? 0) + (channel === 0 ? 0.5 : 0);
      sum += (input[3 * row + k] ?? 0) * weight;
    }
    return Math.max(0, sum);
  });
  const batch = {
    input: tensor('float32', [1, rows, 3], input),
    wanted: tensor('float32', [1, rows, 2], wanted),
  };
  return { problem, batches: [batch] };
}
