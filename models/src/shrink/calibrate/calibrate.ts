import type { Model } from '../../onnx/graph.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { calibrateLikeOnnxruntime } from './like-onnxruntime/calibrate-like.ts';
import { assertRule, type RangeRule, rangesBy } from './methods.ts';
import { observeRanges, type WatchOptions } from './min-max.ts';
import { observe } from './observe.ts';
import type { Ranges } from './ranges.ts';

/** How ranges are found, and how the search is stopped. */
export interface CalibrationOptions extends RangeRule {
  /**
   * The ranges of Python's `onnxruntime.quantization` 1.30 with the same method, its defaults
   * included: `percentile` is symmetric unless told otherwise, NaN is passed over; `mse` it does
   * not have.
   */
  readonly likeOnnxruntime?: boolean;
  /** Feeds that the tool collects at a time (`CalibStridedMinMax`); default all. */
  readonly stride?: number;
  /** Threads within one operator; default 1. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after each run of a feed. */
  readonly onFeed?: () => void;
}

/**
 * The range of every float32 value that a node reads or writes, for the feeds given. `minmax` runs
 * each feed once as it comes; the others run each at least twice and keep the feeds meanwhile.
 * Throws `FleetError`: `insufficient-data` when there is no feed, `invalid-argument` for feeds that
 * do not fit the inputs, for a value that is not finite (by name and node) and for an impossible
 * percentile.
 */
export async function calibrate(
  model: Model,
  feeds: Iterable<Feeds> | AsyncIterable<Feeds>,
  runtime: Runtime,
  options: CalibrationOptions,
): Promise<Ranges> {
  assertRule(options);
  const watch = watchOptions(options);
  if (options.method === 'minmax') {
    const ranges = await observeRanges(model, feeds, runtime, watch);
    return rangesBy({ ranges, histograms: new Map() }, options);
  }
  const kept = await collect(feeds);
  if (options.likeOnnxruntime === true) {
    return calibrateLikeOnnxruntime(model, kept, runtime, { ...watch, ...options });
  }
  return rangesBy(await observe(model, kept, runtime, watch), options);
}

/** All feeds, for those who run them more than once. */
export async function collect(
  feeds: Iterable<Feeds> | AsyncIterable<Feeds>,
): Promise<readonly Feeds[]> {
  const kept: Feeds[] = [];
  for await (const feed of feeds) kept.push(feed);
  return kept;
}

function watchOptions(options: CalibrationOptions): WatchOptions {
  const { likeOnnxruntime: passNaN, threads, signal, onFeed } = options;
  return {
    ...(passNaN !== undefined && { passNaN }),
    ...(threads !== undefined && { threads }),
    ...(signal && { signal }),
    ...(onFeed && { onFeed }),
  };
}
