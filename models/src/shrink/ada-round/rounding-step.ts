import { createGraphBuilder, type GraphBuilder } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { createUpdate, type Update } from '../../train/optimizers.ts';
import { createForward, type Forward, layerFeeds, writeLayer } from './forward.ts';
import type { RoundingProblem } from './problem.ts';
import type { RowBatch } from './sample-rows.ts';

/** One step of gradient descent on the rounding of a layer. */
export interface RoundingStep {
  readonly model: Model;
  /** Output that replaces each state input after the step: the choice and the optimizer's slots. */
  readonly next: ReadonlyMap<string, string>;
  /** Inputs that are the same in every step. */
  readonly fixed: Feeds;
  /** Values of the optimizer's scalar inputs at a step (from 1). */
  scalars(step: number): Readonly<Record<string, number>>;
}

/** Names of the graph's own inputs. */
export const roundingNames = {
  input: 'input',
  wanted: 'wanted',
  /** The choice as real numbers, of which a sigmoid is taken. */
  choice: 'choice',
  below: 'below',
  /** What the excess of an output is multiplied by to be the derivative of its cost. */
  factors: 'factors',
  rate: 'rate',
  /** Weight of the regularisation. */
  pressure: 'pressure',
  /** Its exponent beta. */
  exponent: 'exponent',
} as const;

/** Bounds of the stretched sigmoid (zeta and gamma in the paper). */
const stretch = { high: 1.1, low: -0.1 } as const;

/**
 * AdaRound (Nagel et al. 2020, equations 21 to 25): a weight is scale * clip(below + h), where h is
 * the rectified sigmoid clip(1.2 sigmoid(choice) - 0.1, 0, 1). Made small is the squared error of the
 * layer's output, after the activation that is fused with it, in units of `costs`, plus
 * pressure * sum(1 - |2h - 1|^beta), which drives each h to 0 or 1.
 */
export function buildRoundingStep(
  problem: RoundingProblem,
  { costs, batch }: { readonly costs: Tensor<'float32'>; readonly batch: RowBatch },
): RoundingStep {
  const names = roundingNames;
  const graph = createGraphBuilder({ name: 'rounding-step' });
  const forward = createForward(graph);
  const { below } = problem;
  const [, rows = 1] = batch.input.dims;
  const input = forward.input(names.input, batch.input.dims);
  const wanted = forward.input(names.wanted, batch.wanted.dims);
  const choice = forward.input(names.choice, below.dims);
  graph.input(names.below, 'float32', below.dims);
  graph.input(names.factors, 'float32', costs.dims);
  for (const name of [names.rate, names.pressure, names.exponent]) graph.input(name, 'float32', []);

  const share = writeShare(forward, choice, below.dims);
  const integers = writeIntegers(forward, problem, share);
  const output = writeLayer({ graph, forward }, problem, { integers, input, rows });
  const excess = graph.op('Sub', [output, wanted]);
  const factors = { ...costs, data: costs.data.map((cost) => (2 * cost) / rows) };
  const seeds = new Map([
    [output, graph.op('Mul', [excess, names.factors])],
    [share, pressureOn(graph, share)],
  ]);
  const gradient = forward.backward(seeds, [choice]).get(choice) ?? '';
  const update = createUpdate({ kind: 'adam', rate: 1 });
  const next = writeUpdate(graph, { update, gradient, dims: below.dims });
  const fixed = { ...layerFeeds(problem), [names.below]: below, [names.factors]: factors };
  return { model: graph.build(), next, fixed, scalars: update.scalars };
}

/** The choice that gives a share of 0 to 1. */
export function choiceFor(share: number): number {
  return -Math.log((stretch.high - stretch.low) / (share - stretch.low) - 1);
}

function writeShare(forward: Forward, choice: string, dims: readonly number[]): string {
  const sigmoid = forward.op('Sigmoid', [choice], dims);
  const width = forward.scalar(stretch.high - stretch.low);
  const stretched = forward.op('Mul', [sigmoid, width], dims);
  const moved = forward.op('Add', [stretched, forward.scalar(stretch.low)], dims);
  return forward.op('Clip', [moved, forward.scalar(0), forward.scalar(1)], dims);
}

function writeIntegers(
  forward: Forward,
  { below, limits }: RoundingProblem,
  share: string,
): string {
  const sum = forward.op('Add', [roundingNames.below, share], below.dims);
  const ends = [limits.least, limits.greatest].map((end) => forward.scalar(end));
  return forward.op('Clip', [sum, ...ends], below.dims);
}

/** The derivative of pressure (1 - |u|^beta) with u = 2h - 1: -2 pressure beta |u|^beta / u. */
function pressureOn(graph: GraphBuilder, share: string): string {
  const { pressure, exponent } = roundingNames;
  const doubled = graph.op('Mul', [share, graph.scalar(2)]);
  const side = graph.op('Sub', [doubled, graph.scalar(1)]);
  const power = graph.op('Sub', [exponent, graph.scalar(1)]);
  const raised = graph.op('Pow', [graph.op('Abs', [side]), power]);
  const signed = graph.op('Mul', [raised, graph.op('Sign', [side])]);
  const factor = graph.op('Mul', [graph.op('Mul', [pressure, exponent]), graph.scalar(-2)]);
  return graph.op('Mul', [signed, factor]);
}

function writeUpdate(
  graph: GraphBuilder,
  {
    update,
    gradient,
    dims,
  }: { readonly update: Update; readonly gradient: string; readonly dims: readonly number[] },
): ReadonlyMap<string, string> {
  const weight = roundingNames.choice;
  const scalarNames = Object.keys(update.scalars(1));
  for (const name of scalarNames) graph.input(name, 'float32', []);
  for (const slot of update.slots) graph.input(slot, 'float32', dims);
  const result = update.write(graph, {
    ...{ weight, gradient, rate: roundingNames.rate },
    slots: Object.fromEntries(update.slots.map((slot) => [slot, slot])),
    scalars: Object.fromEntries(scalarNames.map((name) => [name, name])),
  });
  const next = new Map([[weight, result.weight], ...Object.entries(result.slots)]);
  for (const value of next.values()) graph.output(value, 'float32', dims);
  return next;
}
