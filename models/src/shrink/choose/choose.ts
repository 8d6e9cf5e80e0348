import type { Model } from '../../onnx/graph.ts';
import type { Feeds } from '../../runtime/runtime.ts';
import { type AnswerOptions, answersOf, type MeasuredError } from '../answers.ts';
import { type Observations, type RangeRule, rangesBy } from '../calibrate/methods.ts';
import { observe } from '../calibrate/observe.ts';
import { correctBias } from '../correct-bias/correct-bias.ts';
import { equalize } from '../equalize/equalize.ts';
import { layerPairsOf } from '../equalize/pairs.ts';
import { type LearningOptions, learnedWeights } from '../learned-weights.ts';
import type { QuantizeOptions } from '../quantize/options.ts';
import { quantize } from '../quantize/quantize.ts';
import type { How } from '../shrink-options.ts';
import { type Candidate, candidateRules, isBetter } from './candidates.ts';
import { holdOut } from './held-out.ts';

/** What may be chosen, and how it is measured. */
export interface ChooseOptions extends AnswerOptions {
  readonly quantize: QuantizeOptions;
  /** Where rounding will be learned: ways are judged with weights that were learned as well. */
  readonly learning: LearningOptions | undefined;
  readonly symmetric: boolean;
  /** `undefined` leaves it to the figures. */
  readonly equalize: boolean | undefined;
  readonly correctBias: boolean | undefined;
  /** Called when a way was tried. */
  readonly onCandidate?: (done: number, of: number) => void;
}

/** What won, and all that was tried. */
export interface Choice {
  readonly how: How;
  readonly candidates: readonly Candidate[];
}

/**
 * Finds the way of shrinking whose outputs differ least from those of the float model on held-out
 * feeds: first the ranges (no single calibrator is best for all networks; Wu et al. 2020, table 5), then
 * equalization, then bias correction. `minmax` alone stays unless another way is better by more than
 * chance, sample by sample, and by enough to matter: what the outputs hardly show only moves the
 * answers that were undecided, to either side. Deterministic.
 */
export async function choose(
  prepared: Model,
  feeds: readonly Feeds[],
  options: ChooseOptions,
): Promise<Choice> {
  const balances = options.equalize === undefined && layerPairsOf(prepared.graph).length > 0;
  const corrects = options.correctBias === undefined;
  const of = candidateRules.length + Number(balances) + Number(corrects);
  const trial = await createTrial(prepared, feeds, { ...options, of });
  const first = options.equalize ?? false;
  const corrected = options.correctBias ?? false;
  for (const rule of candidateRules)
    await trial.run({ ...rule, equalize: first, correctBias: corrected });
  if (balances) await trial.run({ ...trial.best(), equalize: true });
  if (corrects) await trial.run({ ...trial.best(), correctBias: true });
  return { how: trial.best(), candidates: trial.candidates };
}

/** A float graph, what it does on the data, and its weights where they are learned. */
interface Source {
  readonly float: Model;
  readonly seen: Observations;
  readonly weights: Pick<QuantizeOptions, 'integers' | 'weightRanges'>;
}

interface Trial {
  readonly candidates: readonly Candidate[];
  run(how: How): Promise<void>;
  best(): How;
}

async function createTrial(
  prepared: Model,
  feeds: readonly Feeds[],
  options: ChooseOptions & { readonly of: number },
): Promise<Trial> {
  const { runtime, threads, signal } = options;
  const how = { runtime, ...(threads !== undefined && { threads }), ...(signal && { signal }) };
  const { calibration, heldOut } = holdOut(feeds);
  const answers = await answersOf(prepared, heldOut, how);
  const candidates: Candidate[] = [];
  let best: (How & MeasuredError) | undefined;
  const sources = new Map<boolean, Source>();
  const sourceOf = async (isEqualized: boolean) => {
    const known = sources.get(isEqualized);
    if (known !== undefined) return known;
    const float = isEqualized ? equalize(prepared) : prepared;
    const seen = await observe(float, calibration, runtime, how);
    const made = { float, seen, weights: await weightsOf(float, seen) };
    sources.set(isEqualized, made);
    return made;
  };
  // Learned once for each graph: which ranges its activations have hardly matters to the weights.
  const weightsOf = async (float: Model, seen: Observations): Promise<Source['weights']> => {
    if (options.learning === undefined) return {};
    const ranges = rangesBy(seen, { method: 'minmax', symmetric: options.symmetric });
    return await learnedWeights({ float, ranges, feeds: calibration }, options.learning);
  };
  return {
    candidates,
    async run(way) {
      const { float, seen, weights } = await sourceOf(way.equalize);
      const ranges = rangesBy(seen, ruleOf(way, options.symmetric));
      const { model: int8 } = quantize(float, ranges, { ...options.quantize, ...weights });
      const final = way.correctBias
        ? await correctBias({ float, int8, feeds: calibration, runtime, ...(signal && { signal }) })
        : int8;
      const measured = await answers.errorOf(final);
      const { samples: _, ...figures } = measured;
      candidates.push({ ...way, ...figures });
      if (best === undefined || isBetter(measured, best)) best = { ...way, ...measured };
      options.onCandidate?.(candidates.length, options.of);
    },
    best: () => howOf(best as How),
  };
}

/** The rule by which a way finds its ranges. */
export function ruleOf({ method, percentile }: How, symmetric?: boolean): RangeRule {
  return {
    method,
    ...(symmetric !== undefined && { symmetric }),
    ...(percentile !== undefined && { percentile }),
  };
}

function howOf({ method, percentile, equalize, correctBias }: How): How {
  return { method, ...(percentile !== undefined && { percentile }), equalize, correctBias };
}
