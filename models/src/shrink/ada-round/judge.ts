import { createGraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Session } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { sum } from '../../train/gradients/write.ts';
import { createForward, writeLayer } from './forward.ts';
import type { RoundingEngine } from './learn-rounding.ts';
import type { RoundingProblem } from './problem.ts';
import { channelOf } from './product-layout.ts';
import type { RowBatch } from './sample-rows.ts';

/** What came of one layer. */
export interface Verdict {
  /** The integers that are taken, as `[groups, depth, width]`. */
  readonly chosen: Float32Array;
  /** Squared error of the layer's output over the square of what is wanted; 0 is equal. */
  readonly nearestError: number;
  /** The same for the integers that are taken; never above the former. */
  readonly error: number;
}

/**
 * Takes what was learned for the output channels in which it does better than the nearest integers on
 * these rows, and the latter for all others: a channel's weights touch no other channel.
 */
export async function judge(
  problem: RoundingProblem,
  learned: Float32Array,
  { batches, engine }: { readonly batches: readonly RowBatch[]; readonly engine: RoundingEngine },
): Promise<Verdict> {
  const { nearest } = problem;
  const [first] = batches;
  if (first === undefined) return { chosen: nearest, nearestError: 0, error: 0 };
  const { runtime, threads, signal } = engine;
  const load = { threads, ...(signal && { signal }) };
  await using session = await runtime.load(writeModel(errorModel(problem, first)), load);
  const errorsOf = (integers: Float32Array): Promise<Float64Array> =>
    channelErrors(session, batches, { integers, dims: problem.below.dims, signal });
  const before = await errorsOf(nearest);
  const after = await errorsOf(learned);
  const isBetter = Array.from(after, (error, channel) => error < (before[channel] ?? 0));
  const kept = before.map((error, channel) => Math.min(error, after[channel] ?? error));
  const scale = 1 / (squaresOf(batches) || 1);
  return {
    chosen: mixed(problem, learned, isBetter),
    nearestError: totalOf(before) * scale,
    error: totalOf(kept) * scale,
  };
}

function errorModel(problem: RoundingProblem, { input, wanted }: RowBatch): Model {
  const graph = createGraphBuilder({ name: 'rounding-error' });
  const forward = createForward(graph);
  const integers = forward.input('integers', problem.below.dims);
  const rows = forward.input('input', input.dims);
  const truth = forward.input('wanted', wanted.dims);
  const [groups = 1, count = 1, width = 1] = wanted.dims;
  const read = { integers, input: rows, rows: count };
  const output = writeLayer({ graph, forward }, problem, read);
  const excess = graph.op('Sub', [output, truth]);
  const errors = sum(graph, graph.op('Mul', [excess, excess]), [1]);
  graph.op('Identity', [errors], { output: 'errors' });
  graph.output('errors', 'float32', [groups, width]);
  return graph.build();
}

async function channelErrors(
  session: Session,
  batches: readonly RowBatch[],
  {
    integers,
    dims,
    signal,
  }: {
    readonly integers: Float32Array;
    readonly dims: readonly number[];
    readonly signal: AbortSignal | undefined;
  },
): Promise<Float64Array> {
  const weights = tensor('float32', dims, integers);
  const totals = new Float64Array((dims[0] ?? 1) * (dims[2] ?? 1));
  for (const { input, wanted } of batches) {
    const feeds = { integers: weights, input, wanted };
    const errors = (await session.run(feeds, signal && { signal })).errors as Tensor<'float32'>;
    for (const [channel, error] of errors.data.entries()) {
      totals[channel] = (totals[channel] ?? 0) + error;
    }
  }
  return totals;
}

function mixed(
  { nearest, below: { dims } }: RoundingProblem,
  learned: Float32Array,
  isBetter: readonly boolean[],
): Float32Array {
  const [, depth = 1, width = 1] = dims;
  return nearest.map((integer, place) => {
    return isBetter[channelOf(place, { depth, width })] ? (learned[place] ?? integer) : integer;
  });
}

function squaresOf(batches: readonly RowBatch[]): number {
  let total = 0;
  for (const { wanted } of batches) for (const value of wanted.data) total += value * value;
  return total;
}

const totalOf = (numbers: Float64Array): number => numbers.reduce((sum, number) => sum + number, 0);
