import type { Golden } from '../bundle/golden-file.ts';
import type { Manifest } from '../bundle/manifest.ts';
import { topOf } from '../bundle/parity.ts';
import { vectorOf } from '../bundle/vectors.ts';
import { isFloat32, producersOf } from '../onnx/edit.ts';
import type { Graph, Model } from '../onnx/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Sway } from './sway.ts';

/** Steps of 256 by which an output may deviate: processors round int8 sums differently. */
const toleratedSteps = 2;
/** Steps for what comes out of a steep curve, where one step of its input is worth many. */
const toleratedSteepSteps = 26;
/** The part of the largest answer that any may deviate by: the last bits of float32 differ. */
const toleratedShare = 2 ** -18;
/** How much more a device may deviate than rounding differently does here. */
const margin = 2;

/** What limits are found from. */
export interface LimitParts {
  readonly model: Model;
  readonly sway: Sway;
  /** Output whose largest element is the answer; absent for tasks without classes. */
  readonly topOutput?: string;
}

/**
 * For each output a few int8 steps, in its own units, or what rounding alone does where that is more:
 * in a deep network, or before a threshold, one step becomes many. There the mean limit is the sharp one.
 */
export function limitsFor(golden: Golden, parts: LimitParts): Manifest['parity'] {
  const { model, sway } = parts;
  const largest: Record<string, number> = {};
  const rms: Record<string, number> = {};
  const steep = steepOutputs(model);
  for (const [name, { data }] of Object.entries(golden.outputs)) {
    const isSteep = steep.has(name);
    const share = (isSteep ? toleratedSteepSteps : toleratedSteps) / 256;
    const { span, deviation, magnitude } = extentOf(data);
    const moved = sway.deviations.get(name) ?? { largest: 0, rms: 0 };
    const step = stepOf(model.graph, name);
    const least = toleratedShare * magnitude;
    largest[name] = Math.max(
      ...[share * span, toleratedSteps * step, margin * moved.largest, least],
    );
    // Of thousands of probabilities hardly any is more than 0: their span says little. Few are at the
    // steep part of their curve at once, so that it does not widen the mean.
    const usual = (toleratedSteps / 256) * (isSteep ? deviation : span);
    rms[name] = Math.max(usual, step, margin * moved.rms, least);
  }
  return {
    ...{ tolerance: Math.max(...Object.values(largest)), outputs: largest, rms },
    topAgreement: topAgreementFor(golden, parts),
  };
}

/**
 * The share of vectors whose class must agree. As many may differ as rounding changes, with a margin;
 * one where it changed none but could, for the first class leads by no more than it moves answers; and
 * none where all classes lead clearly.
 */
function topAgreementFor(
  { vectors, outputs }: Golden,
  { sway, topOutput = '' }: LimitParts,
): number {
  const answers = outputs[topOutput];
  if (answers === undefined) return 1;
  const { largest } = sway.deviations.get(topOutput) ?? { largest: 0 };
  const reach = 2 * margin * Math.max(largest, toleratedShare * extentOf(answers.data).magnitude);
  let close = 0;
  for (let index = 0; index < vectors; index++) {
    const { answer } = vectorOf({ answer: answers }, index);
    if (answer !== undefined && leadOf(answer) <= reach) close++;
  }
  const differing = Math.max(margin * sway.topsMoved, Math.min(close, 1));
  return Math.max(0, vectors - differing) / vectors;
}

/** What the largest number is more than the one after it. */
function leadOf(answer: Tensor): number {
  const top = topOf(answer);
  let next = Number.NEGATIVE_INFINITY;
  for (const [at, item] of answer.data.entries()) {
    if (at !== top) next = Math.max(next, Number(item));
  }
  return Number(answer.data[top]) - next;
}

/** Greatest less least number, the standard deviation and the largest magnitude, of finite numbers. */
function extentOf(data: Tensor['data']) {
  let [low, high, sum, squares, count] = [Infinity, -Infinity, 0, 0, 0];
  for (const item of data) {
    const value = Number(item);
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
    squares += value * value;
    count++;
  }
  if (count === 0) return { span: 0, deviation: 0, magnitude: 0 };
  const mean = sum / count;
  const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
  return { span: high - low, deviation, magnitude: Math.max(-low, high) };
}

/** What one code of an output that is rounded to bytes is worth, which may be much of a narrow span; else 0. */
function stepOf(graph: Graph, output: string): number {
  const node = producersOf(graph.nodes).get(output);
  if (node?.op === 'Identity') return stepOf(graph, node.inputs[0] ?? '');
  const scale = graph.initializers.get(node?.inputs[1] ?? '');
  if (node?.op !== 'DequantizeLinear' || !isFloat32(scale)) return 0;
  return scale.data.length === 1 ? (scale.data[0] ?? 0) : 0;
}

const curves: ReadonlySet<string> = new Set(['Softmax', 'Sigmoid', 'LogSoftmax', 'HardSigmoid']);
const passing: ReadonlySet<string> = new Set(['Identity', 'QuantizeLinear', 'DequantizeLinear']);

/** Outputs that are what a steep curve gives. */
function steepOutputs({ graph }: Model): ReadonlySet<string> {
  const producers = producersOf(graph.nodes);
  const isSteep = (value: string): boolean => {
    const node = producers.get(value);
    if (node === undefined) return false;
    return curves.has(node.op) || (passing.has(node.op) && isSteep(node.inputs[0] ?? ''));
  };
  return new Set(graph.outputs.map(({ name }) => name).filter(isSteep));
}
