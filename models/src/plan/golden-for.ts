import { chooseExtremes, makeGolden } from '../bundle/golden.ts';
import type { Golden } from '../bundle/golden-file.ts';
import type { Manifest } from '../bundle/manifest.ts';
import { type Deviation, deviationsOf } from '../bundle/parity.ts';
import { isFloat32, producersOf } from '../onnx/edit.ts';
import type { Graph, Model } from '../onnx/graph.ts';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { roundDifferently } from './round-differently.ts';
import { watchEnds } from './watch-ends.ts';

/** Golden vectors of a graph, and how far a device may deviate from them. */
export interface Proof {
  readonly golden: Golden;
  readonly parity: Manifest['parity'];
}

/** Golden vectors at least: a few seconds of work for the slowest device. */
const leastVectors = 12;
/** Golden vectors at most, where every end of a range needs one of its own. */
const mostVectors = 64;
/** Golden answers whose top class must agree, 0 to 1. */
const topAgreement = 0.9;
/** Steps of 256 by which an output may deviate: processors round int8 sums differently. */
const toleratedSteps = 2;
/** Steps for what comes out of a steep curve, where one step of its input is worth many. */
const toleratedSteepSteps = 26;
/** How much more a device may deviate than rounding differently does here. */
const margin = 2;

/**
 * Golden vectors of a graph that is ready to be delivered: inputs among `candidates` that reach both
 * ends of every activation range, with the answers of the graph as it is written, so that every
 * device must agree with the same numbers. They stay below half the size of the graph, unless it is
 * tiny: then there are twelve, or as many as there are candidates.
 */
export async function goldenFor(
  graph: Uint8Array,
  candidates: Feeds,
  options: { readonly runtime: Runtime; readonly signal?: AbortSignal },
): Promise<Proof> {
  const { runtime, signal } = options;
  const stop = signal === undefined ? {} : { signal };
  const load = { optimise: 'none', ...stop } as const;
  await using session = await runtime.load(graph, load);
  const model = readModel(graph);
  await using ends = await runtime.load(writeModel(watchEnds(model)), load);
  const choose = chooseExtremes(ends, { least: leastVectors, ...stop });
  const vectors = mostOf(graph.length, candidates);
  const golden = await makeGolden(session, candidates, { vectors, choose, ...stop });
  await using moved = await runtime.load(writeModel(roundDifferently(model)), load);
  const sway = await deviationsOf(moved, golden, stop);
  return {
    golden,
    parity: { ...limitsOf(golden, { model, sway }), topAgreement },
  };
}

function mostOf(graphBytes: number, candidates: Feeds): number {
  const sizes = Object.values(candidates).map(({ data, dims }) => data.byteLength / (dims[0] ?? 1));
  const vectorBytes = sizes.reduce((sum, size) => sum + size, 0);
  const affordable = Math.floor(graphBytes / 2 / vectorBytes);
  return Math.min(Math.max(affordable, leastVectors), mostVectors);
}

interface Limits {
  readonly model: Model;
  /** How far rounding alone moves each output. */
  readonly sway: ReadonlyMap<string, Deviation>;
}

/**
 * For each output a few int8 steps, in its own units, or what rounding alone does where that is more:
 * in a deep network, or before a threshold, one step becomes many. There the mean limit is the sharp one.
 */
function limitsOf(
  { outputs }: Golden,
  { model, sway }: Limits,
): Pick<Manifest['parity'], 'tolerance' | 'outputs' | 'rms'> {
  const largest: Record<string, number> = {};
  const rms: Record<string, number> = {};
  const steep = steepOutputs(model);
  for (const [name, { data }] of Object.entries(outputs)) {
    const isSteep = steep.has(name);
    const share = (isSteep ? toleratedSteepSteps : toleratedSteps) / 256;
    const { span, deviation } = extentOf(data);
    const moved = sway.get(name) ?? { largest: 0, rms: 0 };
    const step = stepOf(model.graph, name);
    largest[name] = Math.max(share * span, toleratedSteps * step, margin * moved.largest);
    // Of thousands of probabilities hardly any is more than 0: their span says little.
    const usual = isSteep ? deviation : span;
    rms[name] = Math.max(share * usual, step, margin * moved.rms);
  }
  return { tolerance: Math.max(...Object.values(largest)), outputs: largest, rms };
}

/** Greatest less least number, and the standard deviation. */
function extentOf(data: Tensor['data']) {
  let [low, high, sum, squares] = [Infinity, -Infinity, 0, 0];
  for (const item of data) {
    const value = Number(item);
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
    squares += value * value;
  }
  const mean = sum / data.length;
  const deviation = Math.sqrt(Math.max(0, squares / data.length - mean * mean));
  return { span: high - low, deviation };
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
