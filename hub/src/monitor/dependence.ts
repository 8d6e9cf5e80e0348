/**
 * How many dependent samples count as one: tau, estimated from a baseline's windows as the larger of
 * two views. Neighbouring samples (lag one inside windows) catch fast dependence; the long-run
 * variance of window means catches a slow signal under white noise, which lag one misses.
 */

/** Means of windows (or of equal blocks of windows, once many have come), one row per block. */
export interface MeanSeries {
  readonly columns: number;
  /** Windows per block: a power of two. */
  readonly blockWindows: number;
  /** Finished blocks, row-major `[blocks, columns]`. */
  readonly values: readonly number[];
  /** Sum over the block that is being filled, and its windows so far. */
  readonly open: readonly number[];
  readonly openWindows: number;
}

const maxBlocks = 256;

/** A series without windows. */
export function emptySeries(columns: number): MeanSeries {
  return {
    columns,
    blockWindows: 1,
    values: [],
    open: new Array<number>(columns).fill(0),
    openWindows: 0,
  };
}

/** Appends one window's means; neighbouring blocks are merged when 256 are full. */
export function appendMeans(series: MeanSeries, means: readonly number[]): MeanSeries {
  const open = series.open.map((sum, column) => sum + (means[column] ?? 0));
  const openWindows = series.openWindows + 1;
  if (openWindows < series.blockWindows) return { ...series, open, openWindows };
  const values = [...series.values, ...open.map((sum) => rounded(sum / openWindows))];
  const cleared = { ...series, values, open: open.map(() => 0), openWindows: 0 };
  return values.length < maxBlocks * series.columns ? cleared : halve(cleared);
}

/** Six decimals are far below a mean's own noise, and keep the stored state short. */
function rounded(mean: number): number {
  return Math.round(mean * 1e6) / 1e6;
}

function halve(series: MeanSeries): MeanSeries {
  const { columns, values } = series;
  const merged: number[] = [];
  for (let row = 0; row + 2 * columns <= values.length; row += 2 * columns) {
    for (let column = 0; column < columns; column++) {
      const pair = (values[row + column] ?? 0) + (values[row + columns + column] ?? 0);
      merged.push(rounded(pair / 2));
    }
  }
  return { ...series, values: merged, blockWindows: series.blockWindows * 2 };
}

/**
 * Long-run variance of window means: Geyer's initial monotone positive sequence (Statistical
 * Science 7, 1992), which reaches as far as the data are correlated and no further. Columns are
 * pooled with the given weights. 0 below 8 blocks.
 */
export function longRunVariance(series: MeanSeries, weights: readonly number[]): number {
  const { columns, values } = series;
  const blocks = Math.floor(values.length / columns);
  if (blocks < 8) return 0;
  const means = weights.map((_, column) => {
    let sum = 0;
    for (let row = 0; row < blocks; row++) sum += values[row * columns + column] ?? 0;
    return sum / blocks;
  });
  const covariance = (lag: number): number => {
    let sum = 0;
    for (const [column, weight] of weights.entries()) {
      if (weight === 0) continue;
      const mean = means[column] ?? 0;
      let products = 0;
      for (let row = 0; row + lag < blocks; row++) {
        products +=
          ((values[row * columns + column] ?? 0) - mean) *
          ((values[(row + lag) * columns + column] ?? 0) - mean);
      }
      sum += weight * products;
    }
    return sum / blocks;
  };
  return series.blockWindows * initialSequence(covariance, blocks);
}

function initialSequence(covariance: (lag: number) => number, blocks: number): number {
  const variance = covariance(0);
  let sum = -variance;
  let previous = Number.POSITIVE_INFINITY;
  for (let lag = 0; lag + 1 < blocks / 2; lag += 2) {
    const pair = (lag === 0 ? variance : covariance(lag)) + covariance(lag + 1);
    if (pair <= 0) break;
    previous = Math.min(previous, pair);
    sum += 2 * previous;
  }
  // Means that alternate cancel in the long run, but a test that may start at any window meets each alone.
  return Math.max(sum, variance);
}

/** Pooled moments of standardized values inside windows. */
export interface PairMoments {
  readonly samples: number;
  readonly sumZ: number;
  readonly sumZ2: number;
  /** Neighbouring pairs inside windows, and the sum of their products. */
  readonly pairs: number;
  readonly sumZz: number;
}

/** tau of an autoregressive signal with this pooled lag-one correlation: (1 + r) / (1 - r), in [1, 1000]. */
export function lagOneTau(moments: PairMoments): number {
  const { samples, pairs } = moments;
  if (samples < 2 || pairs < 2) return 1;
  const mean = moments.sumZ / samples;
  const variance = moments.sumZ2 / samples - mean * mean;
  if (!(variance > 1e-12)) return 1;
  const raw = (moments.sumZz / pairs - mean * mean) / variance;
  // First-order bias of a lag-one estimate: -(1 + 3r)/n (Kendall 1954).
  const correlation = Math.min(0.998, raw + (1 + 3 * Math.max(0, raw)) / samples);
  return correlation <= 0 ? 1 : (1 + correlation) / (1 - correlation);
}
