/**
 * A device's own normal for one feature. It grows over the first windows after activation, is
 * frozen at the first window with enough behind it, and never grows again: a reference that follows
 * the stream would learn the drift.
 */
import {
  appendMeans,
  emptySeries,
  lagOneTau,
  longRunVariance,
  type MeanSeries,
  type PairMoments,
} from './dependence.ts';
import { chiSquareQuantile } from './normal.ts';

/** A growing baseline: plain data. */
export interface BaselineState extends PairMoments {
  readonly windows: number;
  readonly counts: readonly number[];
  readonly missing: { readonly nan: number; readonly absent: number };
  /** Means of the dependence channels, one row per window. */
  readonly means: MeanSeries;
}

/** A finished baseline: plain data, kept by identity while a monitor runs. */
export interface FrozenBaseline {
  readonly windows: number;
  /** Raw counts per bin. */
  readonly counts: readonly number[];
  /** Raw samples that count as one. */
  readonly tau: number;
  /** Samples divided by tau. */
  readonly effectiveSamples: number;
  /** Radius of the null ball, nats. */
  readonly rho: number;
  /** Mean and standard deviation in the reference's standardized units. */
  readonly meanZ: number;
  readonly sdZ: number;
  readonly nanRate: number;
  readonly absentRate: number;
}

/** When a baseline is enough. */
export interface BaselineRule {
  /** Default 100. */
  readonly minWindows: number;
  /** Default 1,000. */
  readonly minEffectiveSamples: number;
}

/**
 * How dependence shows in a window's counts: channels are means of a value per bin. Each channel
 * gives one tau, pooled over its columns; the largest counts.
 */
export interface DependenceChannels {
  /** Value of every bin per column. */
  readonly columns: readonly (readonly number[])[];
  /** Columns that form one channel. */
  readonly channels: readonly (readonly number[])[];
  /** True when the values themselves (z) form one more column and channel. */
  readonly usesValues: boolean;
}

/** What a window adds to a baseline. */
export interface BaselineInput extends PairMoments {
  readonly counts: readonly number[];
  readonly nan: number;
  readonly absent: number;
}

/** A baseline without windows. */
export function emptyBaseline(bins: number, dependence: DependenceChannels): BaselineState {
  return {
    windows: 0,
    counts: new Array<number>(bins).fill(0),
    missing: { nan: 0, absent: 0 },
    means: emptySeries(dependence.columns.length + (dependence.usesValues ? 1 : 0)),
    samples: 0,
    sumZ: 0,
    sumZ2: 0,
    pairs: 0,
    sumZz: 0,
  };
}

/** Adds one window that has at least one sample. */
export function growBaseline(
  state: BaselineState,
  input: BaselineInput,
  dependence: DependenceChannels,
): BaselineState {
  const means = dependence.columns.map((values) => {
    let sum = 0;
    for (const [bin, value] of values.entries()) sum += value * (input.counts[bin] ?? 0);
    return sum / input.samples;
  });
  if (dependence.usesValues) means.push(input.sumZ / input.samples);
  return {
    windows: state.windows + 1,
    counts: state.counts.map((count, bin) => count + (input.counts[bin] ?? 0)),
    missing: {
      nan: state.missing.nan + input.nan,
      absent: state.missing.absent + input.absent,
    },
    means: appendMeans(state.means, means),
    samples: state.samples + input.samples,
    sumZ: state.sumZ + input.sumZ,
    sumZ2: state.sumZ2 + input.sumZ2,
    pairs: state.pairs + input.pairs,
    sumZz: state.sumZz + input.sumZz,
  };
}

/** tau of a baseline so far: the largest of lag one and every channel's long-run variance; >= 1. */
export function estimateTau(state: BaselineState, dependence: DependenceChannels): number {
  if (state.windows === 0) return 1;
  const windowSamples = state.samples / state.windows;
  let tau = dependence.usesValues ? lagOneTau(state) : 1;
  const independent = [
    ...dependence.columns.map((values) => binVariance(state.counts, values)),
    ...(dependence.usesValues ? [valueVariance(state)] : []),
  ];
  const channels = dependence.usesValues
    ? [...dependence.channels, [dependence.columns.length]]
    : dependence.channels;
  for (const channel of channels) {
    // Each column counts as much as its variance is known to be: weights 1 / variance.
    const weights = independent.map((variance, column) =>
      channel.includes(column) && variance > 1e-12 ? 1 / variance : 0,
    );
    const columns = weights.filter((weight) => weight > 0).length;
    if (columns === 0) continue;
    const ratio = (windowSamples * longRunVariance(state.means, weights)) / columns;
    tau = Math.max(tau, ratio - chanceOf(state.means));
  }
  return tau;
}

/** Standard error of a long-run variance ratio of independent windows: what chance alone adds. */
function chanceOf(means: MeanSeries): number {
  const blocks = means.values.length / means.columns;
  return Math.sqrt(6 / Math.max(1, blocks));
}

function valueVariance(state: PairMoments): number {
  const mean = state.sumZ / state.samples;
  return state.sumZ2 / state.samples - mean * mean;
}

function binVariance(counts: readonly number[], values: readonly number[]): number {
  let total = 0;
  let sum = 0;
  let squares = 0;
  for (const [bin, count] of counts.entries()) {
    const value = values[bin] ?? 0;
    total += count;
    sum += count * value;
    squares += count * value * value;
  }
  return total === 0 ? 0 : squares / total - (sum / total) ** 2;
}

/**
 * Radius of the null ball for a reference of m effective samples, nats: at least 0.01, and wide
 * enough to hold the reference's own error 999 times in 1,000.
 */
export function nullRadius(bins: number, effectiveSamples: number): number {
  return Math.max(0.01, chiSquareQuantile(bins - 1, 0.999) / (2 * effectiveSamples));
}

/** The frozen baseline, or undefined while more windows are needed. */
export function freezeBaseline(
  state: BaselineState,
  dependence: DependenceChannels,
  rule: BaselineRule,
): FrozenBaseline | undefined {
  if (state.windows < rule.minWindows || state.samples < rule.minEffectiveSamples) return undefined;
  const tau = estimateTau(state, dependence);
  const effectiveSamples = state.samples / tau;
  if (effectiveSamples < rule.minEffectiveSamples) return undefined;
  const seen = state.samples + state.missing.nan + state.missing.absent;
  return {
    windows: state.windows,
    counts: state.counts,
    tau,
    effectiveSamples,
    rho: nullRadius(state.counts.length, effectiveSamples),
    meanZ: state.sumZ / state.samples,
    sdZ: Math.sqrt(Math.max(0, valueVariance(state))),
    nanRate: state.missing.nan / seen,
    absentRate: state.missing.absent / seen,
  };
}
