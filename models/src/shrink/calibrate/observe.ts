import type { Model } from '../../onnx/graph.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { createHistogram, type HistogramDraft } from './histogram.ts';
import type { Observations } from './methods.ts';
import { observeRanges, type WatchOptions } from './min-max.ts';
import { readValues } from './read-values.ts';

/**
 * Ranges and histograms of every float32 value, in two passes over the feeds: the second counts
 * within the ranges of the first, one run's values in memory at a time.
 */
export async function observe(
  model: Model,
  feeds: readonly Feeds[],
  runtime: Runtime,
  options: WatchOptions,
): Promise<Observations> {
  const ranges = await observeRanges(model, feeds, runtime, options);
  const drafts = new Map<string, HistogramDraft>();
  for (const [name, range] of ranges) drafts.set(name, createHistogram(range));
  const visit = (name: string, data: Float32Array): void => drafts.get(name)?.add(data);
  await readValues(model, [...ranges.keys()], feeds, { ...options, runtime, visit });
  const histograms = new Map([...drafts].map(([name, draft]) => [name, draft.result()]));
  return { ranges, histograms };
}
