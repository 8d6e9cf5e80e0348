import { FleetError } from '@edgewise/protocol';
import type { Model } from '../../../onnx/graph.ts';
import type { Feeds, Runtime } from '../../../runtime/runtime.ts';
import { type RangeRule, usualPercentile } from '../methods.ts';
import type { WatchOptions } from '../min-max.ts';
import { nothingToRun, observedValues } from '../observed-values.ts';
import type { Range, Ranges } from '../ranges.ts';
import { readValues } from '../read-values.ts';
import { type Collector, createCollector } from './collector.ts';
import { noPortion, widened } from './portion.ts';
import { entropyThreshold, percentileThreshold } from './thresholds.ts';

/** Defaults of `create_calibrator`. */
const percentileBins = 2048;
const entropyBins = 128;
const entropyLevels = 128;

/** What the tool's calibration takes beside the method. */
export interface ToolOptions extends WatchOptions, RangeRule {
  /** Feeds that are collected at a time (`CalibStridedMinMax`); default all. */
  readonly stride?: number;
}

/**
 * What `quantize_static` of onnxruntime 1.30 calibrates with the same method. Two passes over each
 * portion give the same without holding all values: the first finds the edges.
 * Throws `FleetError` `unsupported` for a method that the tool does not have.
 */
export async function calibrateLikeOnnxruntime(
  model: Model,
  feeds: readonly Feeds[],
  runtime: Runtime,
  options: ToolOptions,
): Promise<Ranges> {
  const rule = ruleOf(options);
  if (feeds.length === 0) throw nothingToRun();
  const names = observedValues(model);
  const collectors = new Map(names.map((name) => [name, rule.collector()]));
  const stride = Math.max(1, options.stride ?? feeds.length);
  for (let start = 0; start < feeds.length; start += stride) {
    const some = feeds.slice(start, start + stride);
    await collectPortion(model, some, collectors, { ...options, runtime });
  }
  return new Map([...collectors].map(([name, collector]) => [name, rule.range(collector)]));
}

async function collectPortion(
  model: Model,
  feeds: readonly Feeds[],
  collectors: ReadonlyMap<string, Collector>,
  options: WatchOptions & { readonly runtime: Runtime },
): Promise<void> {
  const names = [...collectors.keys()];
  const portions = new Map(names.map((name) => [name, noPortion]));
  const look = (name: string, data: Float32Array): void => {
    portions.set(name, widened(portions.get(name) ?? noPortion, data));
  };
  await readValues(model, names, feeds, { ...options, visit: look });
  for (const [name, collector] of collectors) collector.begin(portions.get(name) ?? noPortion);
  const visit = (name: string, data: Float32Array): void => collectors.get(name)?.add(data);
  await readValues(model, names, feeds, { ...options, visit });
  for (const collector of collectors.values()) collector.end();
}

interface ToolRule {
  collector(): Collector;
  range(collector: Collector): Range;
}

function ruleOf({ method, percentile = usualPercentile, symmetric = true }: RangeRule): ToolRule {
  if (method === 'percentile') {
    return {
      collector: () => createCollector(percentileBins, { absolute: symmetric }),
      range: (collector) => percentileThreshold(collector.result(), percentile, { symmetric }),
    };
  }
  if (method !== 'entropy') {
    throw new FleetError('unsupported', `The Python tool has no calibration "${method}".`);
  }
  return {
    collector: () => createCollector(entropyBins, { absolute: false }),
    range: (collector) => entropyThreshold(collector.result(), entropyLevels),
  };
}
