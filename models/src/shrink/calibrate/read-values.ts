import type { Model } from '../../onnx/graph.ts';
import { inferShapes, valueInfoOf } from '../../onnx/shapes/infer.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { elementCount } from '../../tensor/tensor.ts';
import type { WatchOptions } from './min-max.ts';

/** Values of one run that leave the engine at a time: more than that runs in several passes. */
const bytesPerRun = 192 * 2 ** 20;

/** Takes one value of one run; `data` must not be kept. */
export type Visit = (name: string, data: Float32Array, feed: number) => void;

/**
 * Runs the graph as it is written and shows float32 values by name, feed by feed. Values that
 * would not fit into memory together are read in several passes over the feeds.
 */
export async function readValues(
  model: Model,
  names: readonly string[],
  feeds: readonly Feeds[],
  options: WatchOptions & { readonly runtime: Runtime; readonly visit: Visit },
): Promise<void> {
  const inputs = new Set(model.graph.inputs.map((input) => input.name));
  for (const name of names.filter((value) => inputs.has(value))) {
    feeds.forEach((feed, at) => {
      options.visit(name, feed[name]?.data as Float32Array, at);
    });
  }
  const inner = names.filter((name) => !inputs.has(name));
  for (const group of groupsOf(model, inner, feeds[0] ?? {})) {
    await readGroup(model, group, feeds, options);
  }
}

async function readGroup(
  model: Model,
  names: readonly string[],
  feeds: readonly Feeds[],
  options: WatchOptions & { readonly runtime: Runtime; readonly visit: Visit },
): Promise<void> {
  const { runtime, visit, signal, threads = 1 } = options;
  const outputs = names.map((name) => ({ name, dtype: 'float32' as const, dims: undefined }));
  const opened: Model = { ...model, graph: { ...model.graph, outputs } };
  const load = { optimise: 'none', threads, ...(signal && { signal }) } as const;
  await using session = await runtime.load(writeModel(opened), load);
  for (const [at, feed] of feeds.entries()) {
    const results = await session.run(feed, signal && { signal });
    for (const name of names) visit(name, results[name]?.data as Float32Array, at);
    options.onFeed?.();
  }
}

/** Neighbouring values that fit into one run. */
function groupsOf(
  model: Model,
  names: readonly string[],
  feed: Feeds,
): readonly (readonly string[])[] {
  const dims = Object.fromEntries(Object.entries(feed).map(([name, value]) => [name, value.dims]));
  const { graph } = inferShapes(model, dims);
  const groups: string[][] = [];
  let room = 0;
  for (const name of names) {
    const sizes = valueInfoOf(graph, name)?.dims;
    const known = sizes?.every((size): size is number => typeof size === 'number');
    // A value of unknown size is taken to be a large one.
    const bytes = known ? 4 * elementCount(sizes as number[]) : bytesPerRun / 8;
    if (groups.length === 0 || bytes > room) {
      groups.push([]);
      room = bytesPerRun;
    }
    groups.at(-1)?.push(name);
    room -= bytes;
  }
  return groups;
}
