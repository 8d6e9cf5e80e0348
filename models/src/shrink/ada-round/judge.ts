import { createGraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import type { Session } from '../../runtime/runtime.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { sum } from '../../train/gradients/write.ts';
import { createForward, layerFeeds, writeLayer } from './forward.ts';
import type { RoundingProblem } from './problem.ts';
import { channelOf } from './product-layout.ts';
import type { RoundingEngine } from './rounding-engine.ts';
import type { RowBatch } from './sample-rows.ts';

/** What came of a layer, or of some of its output channels. */
export interface Verdict {
  /** The integers that are taken, as `[groups, depth, width]`. */
  readonly chosen: Float32Array;
  /** Sum of the squares of all outputs that are wanted. */
  readonly wanted: number;
  /** Sum of the squared errors of the layer's outputs with the nearest integers. */
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
  if (first === undefined) return { chosen: nearest, wanted: 0, nearestError: 0, error: 0 };
  const session = await engine.sessionOf(errorModel(problem, first));
  const errorsOf = (integers: Float32Array): Promise<Float64Array> =>
    channelErrors(session, batches, { integers, problem, signal: engine.signal });
  const before = await errorsOf(nearest);
  const after = await errorsOf(learned);
  const isBetter = Array.from(after, (error, channel) => error < (before[channel] ?? 0));
  const kept = before.map((error, channel) => Math.min(error, after[channel] ?? error));
  return {
    chosen: mixed(problem, learned, isBetter),
    wanted: squaresOf(batches),
    nearestError: totalOf(before),
    error: totalOf(kept),
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
    problem,
    signal,
  }: {
    readonly integers: Float32Array;
    readonly problem: RoundingProblem;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Float64Array> {
  const { dims } = problem.below;
  const fixed = { ...layerFeeds(problem), integers: tensor('float32', dims, integers) };
  const totals = new Float64Array((dims[0] ?? 1) * (dims[2] ?? 1));
  for (const { input, wanted } of batches) {
    const feeds = { ...fixed, input, wanted };
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
