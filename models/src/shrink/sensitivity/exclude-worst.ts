import { macsOf } from '../../inspect/macs.ts';
import type { Model } from '../../onnx/graph.ts';
import { inferShapes } from '../../onnx/shapes/infer.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { quantize } from '../quantize/quantize.ts';
import { assertBudget, type Budget, type ExclusionStep, type MixedPrecision } from './budget.ts';
import { type LayerSensitivity, type SensitivityOptions, sensitivity } from './sensitivity.ts';

/** What mixed precision is found with. */
export interface ExcludeOptions extends Omit<SensitivityOptions, 'maxRuns'> {
  readonly budget: Budget;
  /** One input, whose sizes decide how much each layer computes. */
  readonly feed: Feeds;
  readonly onStep?: (done: number, of: number) => void;
}

/** A layer in float must take away this share of the error to stay there. */
const leastGain = 0.02;

/**
 * Mixed precision: measures every layer alone, then leaves layers in float one after the other, the
 * most harmful first, as long as each lowers the error of the outputs and the budget holds. Throws
 * `FleetError` `invalid-argument` for a budget that makes no sense.
 */
export async function excludeWorst(options: ExcludeOptions): Promise<MixedPrecision> {
  const { budget, answers } = options;
  assertBudget(budget);
  const { maxRuns = 96, targetError = 0 } = budget;
  const errorBefore = (await answers.errorOf(built(options, []))).error;
  const macs = macShares(options.model, options.feed);
  const none: Omit<MixedPrecision, 'layers'> = {
    ...{ float: [], steps: [], errorBefore, errorAfter: errorBefore, runs: 1 },
    floatMacs: shareOf(macs, [...(options.quantize.exclude ?? [])]),
  };
  if (errorBefore <= targetError) return { layers: [], ...none };
  let runs = 1;
  const layers = await sensitivity({
    ...options,
    maxRuns: Math.max(2, Math.floor((maxRuns - 1) * 0.7)),
    onRun: (done, of) => {
      runs++;
      options.onRun?.(done, of);
    },
  });
  return { layers, ...(await greedy(layers, { ...options, macs, none, runs, maxRuns })) };
}

interface GreedyOptions extends ExcludeOptions {
  readonly macs: ReadonlyMap<string, number>;
  readonly none: Omit<MixedPrecision, 'layers'>;
  readonly runs: number;
  readonly maxRuns: number;
}

async function greedy(
  layers: readonly LayerSensitivity[],
  options: GreedyOptions,
): Promise<Omit<MixedPrecision, 'layers'>> {
  const { budget, answers, none, macs, maxRuns } = options;
  const { targetError = 0, maxBytes = Infinity, maxFloatMacs = 1 } = budget;
  const excluded = [...(options.quantize.exclude ?? [])];
  const float: string[] = [];
  const steps: ExclusionStep[] = [];
  let { errorAfter } = none;
  let { runs } = options;
  const attempt = async (nodes: readonly string[]): Promise<ExclusionStep> => {
    const step = await measured(nodes);
    steps.push(step);
    return step;
  };
  const measured = async (nodes: readonly string[]): Promise<ExclusionStep> => {
    if (shareOf(macs, [...excluded, ...float, ...nodes]) > maxFloatMacs) {
      return { nodes, bytes: 0, error: errorAfter, outcome: 'too slow' };
    }
    const model = built(options, [...float, ...nodes]);
    const bytes = writeModel(model).length;
    if (bytes > maxBytes) return { nodes, bytes, error: errorAfter, outcome: 'too large' };
    runs++;
    const { error } = await answers.errorOf(model);
    const gains = error < errorAfter * (1 - leastGain);
    return { nodes, bytes, error, outcome: gains ? 'kept' : 'no gain' };
  };
  // A value between two layers stays in int8 until both are in float, so that one alone may gain
  // nothing: it waits for the next.
  let waiting: readonly string[] = [];
  for (const [at, { nodes }] of layers.entries()) {
    if (runs >= maxRuns || errorAfter <= targetError) break;
    const alone = await attempt(nodes);
    const canJoin = alone.outcome === 'no gain' && waiting.length > 0 && runs < maxRuns;
    const best = canJoin ? await attempt([...waiting, ...nodes]) : alone;
    if (best.outcome === 'kept') {
      float.push(...best.nodes);
      errorAfter = best.error;
      waiting = [];
    } else if (alone.outcome === 'no gain') {
      waiting = best.outcome === 'no gain' ? [...waiting, ...nodes] : nodes;
    }
    options.onStep?.(at + 1, layers.length);
  }
  const floatMacs = shareOf(macs, [...excluded, ...float]);
  return { ...none, float, steps, errorAfter, floatMacs, runs };
}

function built(options: ExcludeOptions, float: readonly string[]): Model {
  const { model, ranges, quantize: how } = options;
  const exclude = new Set([...(how.exclude ?? []), ...float]);
  return quantize(model, ranges, { ...how, exclude }).model;
}

/** Each node's share of all multiply-accumulates. */
function macShares(model: Model, feed: Feeds): ReadonlyMap<string, number> {
  const dims = Object.fromEntries(Object.entries(feed).map(([name, value]) => [name, value.dims]));
  const { graph } = inferShapes(model, dims);
  const counts = graph.nodes.map((node) => [node.name, macsOf(graph, node) ?? 0] as const);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  return new Map(counts.map(([name, count]) => [name, total === 0 ? 0 : count / total]));
}

function shareOf(shares: ReadonlyMap<string, number>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (shares.get(name) ?? 0), 0);
}
