import type { Model } from '../onnx/graph.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import type { RoundedLayer } from './ada-round/ada-round.ts';
import type { AdaRoundSettings } from './ada-round/settings.ts';
import type { CalibrationMethod } from './calibrate/methods.ts';
import type { Ranges } from './calibrate/ranges.ts';
import type { Candidate } from './choose/candidates.ts';
import type { QuantizeOptions } from './quantize/options.ts';
import type { QuantizeReport } from './quantize/quantize.ts';
import type { Budget, MixedPrecision } from './sensitivity/budget.ts';

/** How a model is shrunk; default per channel, uint8 activations, full range, minmax. */
export interface ShrinkOptions extends Partial<QuantizeOptions> {
  /** Inputs that are like those the model will see: a few hundred. */
  readonly calibration: Iterable<Feeds> | AsyncIterable<Feeds>;
  readonly runtime: Runtime;
  /**
   * How activation ranges are found. `auto` tries them all, with and without bias correction and
   * equalization, and takes what answers most like the float model on feeds that were held out; `minmax`
   * stays where nothing is better beyond chance. A fourth of the feeds is held out (of fewer than 16 the
   * half), at most 128.
   * Default `minmax`, which alone keeps no feeds in memory.
   */
  readonly method?: CalibrationMethod | 'auto';
  /** Per cent of all numbers that `percentile` keeps; default 99.999. */
  readonly percentile?: number;
  /** Activation ranges with zero in the middle; default not. */
  readonly symmetric?: boolean;
  /**
   * What `quantize_static` of Python's onnxruntime 1.30 gives with the same options: nothing is
   * folded or tidied before, and ranges are found as it finds them. Not with `auto`. Where it refuses a
   * model (channels below operator set 13, float64) the model is raised or converted as usual.
   */
  readonly likeOnnxruntime?: boolean;
  /** Balances the channels of neighbouring layers; default not, with `auto` where it helps. */
  readonly equalize?: boolean;
  /**
   * Takes back what rounding shifted the means by; default not, with `auto` where it helps, unless
   * rounding is learned.
   */
  readonly correctBias?: boolean;
  /**
   * Learns for each weight whether it is rounded down or up, by what its layer gives, on grids that
   * are fitted where weights have fewer than eight bits and no ranges are given; default not. Worth
   * its time for weights of four bits and less. `auto` and `budget` judge with weights that were
   * learned, so that `auto` learns once or twice more.
   */
  readonly adaRound?: boolean | AdaRoundSettings;
  /** Leaves the layers in float that cost the most accuracy, within limits; default none. */
  readonly budget?: Budget;
  /** Threads within one operator while calibrating; 0 lets the engine choose, default 1. */
  readonly threads?: number;
  readonly onProgress?: (progress: ShrinkProgress) => void;
  readonly signal?: AbortSignal;
}

/** What is being done, and how much of it. */
export interface ShrinkProgress {
  readonly stage: 'calibrate' | 'choose' | 'sensitivity' | 'exclude' | 'ada-round' | 'correct-bias';
  /** Steps done of this stage; feeds while calibrating, layers while rounding, models else. */
  readonly done: number;
  /** Steps in all, `undefined` while that is not known. */
  readonly of: number | undefined;
}

/** An int8 model and how it came about. */
export interface Shrunk {
  readonly model: Model;
  /** The float graph that was quantized: prepared, and equalized where that was chosen. */
  readonly float: Model;
  readonly report: ShrinkReport;
}

/** What shrinking did, with the sizes of both files. */
export interface ShrinkReport extends QuantizeReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** The activation ranges, by value of the prepared float graph. */
  readonly ranges: Ranges;
  /** What was done; with `auto`, what won. */
  readonly how: How;
  /** With `auto`: everything that was tried, in order, with its figures on the held-out feeds. */
  readonly candidates?: readonly Candidate[];
  /** With `budget`: how much each layer costs, and which stayed in float. */
  readonly mixedPrecision?: MixedPrecision;
  /** With `adaRound`: what learning did for each layer. */
  readonly rounding?: readonly RoundedLayer[];
}

/** The steps of one way to shrink. */
export interface How {
  readonly method: CalibrationMethod;
  /** For `percentile` only. */
  readonly percentile?: number;
  readonly equalize: boolean;
  readonly correctBias: boolean;
}
