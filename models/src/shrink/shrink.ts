import { FleetError } from '@edgewise/protocol';
import type { Model } from '../onnx/graph.ts';
import { writeModel } from '../onnx/write.ts';
import type { Feeds } from '../runtime/runtime.ts';
import type { RoundedLayer } from './ada-round/ada-round.ts';
import { answersOf } from './answers.ts';
import { asTheToolHasIt, toolOpset } from './as-the-tool-has-it.ts';
import { assertShrinkOptions } from './assert-shrink-options.ts';
import { type CalibrationOptions, calibrate, collect } from './calibrate/calibrate.ts';
import type { Ranges } from './calibrate/ranges.ts';
import { type Choice, choose, ruleOf } from './choose/choose.ts';
import { holdOut } from './choose/held-out.ts';
import { correctBias } from './correct-bias/correct-bias.ts';
import { equalize } from './equalize/equalize.ts';
import {
  type LearnedFor,
  type LearnedWeights,
  type LearningOptions,
  learnedWeights,
} from './learned-weights.ts';
import { prepare } from './prepare.ts';
import { checkModel } from './quantize/check-model.ts';
import type { QuantizeOptions } from './quantize/options.ts';
import { quantize } from './quantize/quantize.ts';
import type { MixedPrecision } from './sensitivity/budget.ts';
import { excludeWorst } from './sensitivity/exclude-worst.ts';
import { named } from './sensitivity/sensitivity.ts';
import type { How, ShrinkOptions, ShrinkProgress, ShrinkReport, Shrunk } from './shrink-options.ts';

/**
 * A float model in int8: tidied, dead nodes dropped, batch normalisation folded, calibrated and
 * quantized; per channel, with uint8 activations and full range, unless told otherwise. The best
 * that can be had without training is `method: 'auto'`. With `likeOnnxruntime` the graph is taken as it
 * stands, as `quantize_static` takes it. Throws `FleetError` as `prepare`, `calibrate`
 * and `quantize` do, and `invalid-argument` for options that contradict each other.
 */
export async function shrink(model: Model, options: ShrinkOptions): Promise<Shrunk> {
  assertShrinkOptions(options);
  const prepared = preparedFor(model, options);
  if (prepared.graph.nodes.length === 0) {
    throw new FleetError(
      'invalid-argument',
      'The model computes nothing: it has no node to shrink.',
    );
  }
  // Before any feed is run: an integer model would only be refused at the end.
  checkModel(prepared, { perChannel: options.perChannel ?? true });
  const { method, correctBias: corrects, budget, adaRound: learns } = options;
  const plain = method !== 'auto' && !corrects && !budget && !learns;
  const feeds = plain ? options.calibration : await collect(options.calibration);
  const chosen = await chosenFor(prepared, feeds, options);
  const float = chosen.how.equalize ? equalize(prepared) : prepared;
  const ranges = await rangesFor(float, feeds, chosen.how, options);
  const kept = Array.isArray(feeds) ? (feeds as readonly Feeds[]) : [];
  const grids = { ...quantizeOptions(options), ...toolRules(model, options) };
  const parts = { float, ranges, feeds: kept };
  const { rounding, ...weights } = await rounded(parts, grids, options);
  const how = { ...grids, ...weights };
  const mixed = await mixedFor({ ...parts, prepared, how }, options);
  const exclude = new Set([...(options.exclude ?? []), ...(mixed?.float ?? [])]);
  const { model: int8, report } = quantize(float, ranges, { ...how, exclude });
  const small = chosen.how.correctBias ? await corrected(float, int8, kept, options) : int8;
  const sizes = { bytesBefore: writeModel(model).length, bytesAfter: writeModel(small).length };
  return {
    model: small,
    float,
    report: {
      ...{ ...report, ...sizes, ranges, ...chosen },
      ...(mixed && { mixedPrecision: mixed }),
      ...(rounding && { rounding }),
    },
  };
}

/** The graph that is calibrated; layers need names where some of them may stay in float. */
function preparedFor(model: Model, options: ShrinkOptions): Model {
  const { likeOnnxruntime, budget, perChannel = true } = options;
  const prepared =
    likeOnnxruntime === true ? asTheToolHasIt(model, { perChannel }) : prepare(model);
  return budget === undefined ? prepared : named(prepared);
}

const toolRules = (model: Model, { likeOnnxruntime }: ShrinkOptions) =>
  likeOnnxruntime === true ? { ruleOpset: toolOpset(model) } : {};

/** The options of `quantize` among those of `shrink`, with the defaults of the latter. */
function quantizeOptions(options: ShrinkOptions): QuantizeOptions {
  const { weights, symmetricActivations, exclude, weightBits, integers, weightRanges } = options;
  return {
    activations: options.activations ?? 'u8',
    perChannel: options.perChannel ?? true,
    reduceRange: options.reduceRange ?? false,
    ...(weights && { weights }),
    ...(symmetricActivations !== undefined && { symmetricActivations }),
    ...(exclude && { exclude }),
    ...(weightBits && { weightBits }),
    ...(integers && { integers }),
    ...(weightRanges && { weightRanges }),
  };
}

function chosenFor(
  prepared: Model,
  feeds: ShrinkOptions['calibration'],
  options: ShrinkOptions,
): Pick<ShrinkReport, 'how' | 'candidates'> | Promise<Choice> {
  const { method = 'minmax', percentile, equalize: balance } = options;
  // Learned rounding takes back shifts of means by itself, and after the activation.
  const correct = options.correctBias ?? (options.adaRound ? false : undefined);
  if (method !== 'auto') {
    const steps = { equalize: balance ?? false, correctBias: correct ?? false };
    return { how: { method, ...(percentile !== undefined && { percentile }), ...steps } };
  }
  return choose(prepared, feeds as readonly Feeds[], {
    ...engine(options),
    quantize: quantizeOptions(options),
    learning: learningOf(options, quantizeOptions(options)),
    symmetric: options.symmetric ?? false,
    equalize: balance,
    correctBias: correct,
    onCandidate: (done, of) => tell(options, { stage: 'choose', done, of }),
  });
}

function rangesFor(
  float: Model,
  feeds: ShrinkOptions['calibration'],
  how: How,
  options: ShrinkOptions,
): Promise<Ranges> {
  const { likeOnnxruntime, symmetric } = options;
  let done = 0;
  const of = how.method === 'minmax' && Array.isArray(feeds) ? feeds.length : undefined;
  const calibration: CalibrationOptions = {
    ...ruleOf(how, symmetric),
    ...(likeOnnxruntime !== undefined && { likeOnnxruntime }),
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.signal && { signal: options.signal }),
    onFeed: () => tell(options, { stage: 'calibrate', done: ++done, of }),
  };
  return calibrate(float, feeds, options.runtime, calibration);
}

interface MixedParts extends LearnedFor {
  readonly prepared: Model;
  /** With weights that were learned, so that layers are judged as they will be. */
  readonly how: QuantizeOptions;
}

async function mixedFor(
  { prepared, float, ranges, feeds, how }: MixedParts,
  options: ShrinkOptions,
): Promise<MixedPrecision | undefined> {
  if (options.budget === undefined) return undefined;
  const { heldOut } = holdOut(feeds);
  return excludeWorst({
    model: float,
    ranges,
    quantize: how,
    answers: await answersOf(prepared, heldOut, engine(options)),
    budget: options.budget,
    feed: heldOut[0] ?? {},
    onRun: (done, of) => tell(options, { stage: 'sensitivity', done, of }),
    onStep: (done, of) => tell(options, { stage: 'exclude', done, of }),
  });
}

/** How weights are learned, for `learnedWeights`; nothing where that is not asked for. */
function learningOf(options: ShrinkOptions, grids: QuantizeOptions): LearningOptions | undefined {
  const { adaRound: settings } = options;
  if (settings === undefined || settings === false) return undefined;
  const onBlock = (done: number, of: number): void =>
    tell(options, { stage: 'ada-round', done, of });
  return { settings: settings === true ? {} : settings, grids, onBlock, ...engine(options) };
}

/** Learned weights, and what learning did; nothing where it is not asked for. */
async function rounded(
  parts: LearnedFor,
  grids: QuantizeOptions,
  options: ShrinkOptions,
): Promise<Pick<ShrinkReport, 'rounding'> & Partial<LearnedWeights>> {
  const learning = learningOf(options, grids);
  if (learning === undefined) return {};
  const rounding: RoundedLayer[] = [];
  const learned = await learnedWeights(parts, {
    ...learning,
    onLayer: (layer) => rounding.push(layer),
  });
  return { ...learned, rounding };
}

async function corrected(
  float: Model,
  int8: Model,
  feeds: readonly Feeds[],
  options: ShrinkOptions,
): Promise<Model> {
  tell(options, { stage: 'correct-bias', done: 0, of: 1 });
  const { runtime, signal } = options;
  const better = await correctBias({ float, int8, feeds, runtime, ...(signal && { signal }) });
  tell(options, { stage: 'correct-bias', done: 1, of: 1 });
  return better;
}

function engine({ runtime, threads, signal }: ShrinkOptions) {
  return {
    runtime,
    ...(threads !== undefined && { threads }),
    ...(signal && { signal }),
  };
}

function tell({ onProgress }: ShrinkOptions, progress: ShrinkProgress): void {
  onProgress?.(progress);
}
