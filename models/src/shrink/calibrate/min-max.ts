import { FleetError } from '@edgewise/protocol';
import { createFreshNames } from '../../onnx/edit.ts';
import type { Model, Node } from '../../onnx/graph.ts';
import { inferShapes, valueInfoOf } from '../../onnx/shapes/infer.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import type { Range, Ranges } from './ranges.ts';

/** How a calibration is stopped. */
export interface CalibrationOptions {
  readonly signal?: AbortSignal;
}

/**
 * The range of every float32 value that a node reads or writes, over all calibration feeds.
 * The graph runs as it is written (a fused operator would hide what lies between), with a
 * ReduceMin and a ReduceMax on each value; NaN is passed over.
 * Throws `FleetError` `insufficient-data` when there is no feed.
 */
export async function calibrateMinMax(
  model: Model,
  feeds: Iterable<Feeds> | AsyncIterable<Feeds>,
  runtime: Runtime,
  options: CalibrationOptions = {},
): Promise<Ranges> {
  const { observed, probes } = observe(model);
  const { signal } = options;
  const load = { optimise: 'none', ...(signal && { signal }) } as const;
  await using session = await runtime.load(writeModel(observed), load);
  const run = { outputs: [...probes.values()].flat(), ...(signal && { signal }) };
  const ranges = new Map<string, Range>();
  for await (const feed of feeds) {
    const results = await session.run(feed, run);
    for (const [name, [low, high]] of probes) {
      const [min, max] = [Number(results[low]?.data[0]), Number(results[high]?.data[0])];
      ranges.set(name, widen(ranges.get(name), min, max));
    }
  }
  if (ranges.size === 0) {
    throw new FleetError('insufficient-data', 'Calibration needs at least one input to run.');
  }
  return ranges;
}

function widen(range: Range | undefined, min: number, max: number): Range {
  const least = Math.min(range?.min ?? Infinity, Number.isNaN(min) ? Infinity : min);
  return {
    min: least,
    max: Math.max(range?.max ?? -Infinity, Number.isNaN(max) ? -Infinity : max),
  };
}

interface Observed {
  readonly observed: Model;
  /** Output names of least and greatest number, by value. */
  readonly probes: ReadonlyMap<string, readonly [low: string, high: string]>;
}

function observe(model: Model): Observed {
  const { graph } = inferShapes(model);
  const fresh = createFreshNames(graph);
  const probes = new Map<string, readonly [string, string]>();
  const nodes: Node[] = [];
  const names = new Set(graph.nodes.flatMap((node) => [...node.inputs, ...node.outputs]));
  for (const name of names) {
    if (graph.initializers.has(name) || valueInfoOf(graph, name)?.dtype !== 'float32') continue;
    const pair = [fresh(`${name}_min`), fresh(`${name}_max`)] as const;
    probes.set(name, pair);
    nodes.push(reduce('ReduceMin', name, pair[0]), reduce('ReduceMax', name, pair[1]));
  }
  const outputs = [...probes.values()].flat().map((name) => ({
    name,
    dtype: 'float32' as const,
    dims: undefined,
  }));
  return {
    probes,
    observed: { ...model, graph: { ...graph, nodes: [...graph.nodes, ...nodes], outputs } },
  };
}

function reduce(op: string, input: string, output: string): Node {
  return { name: '', op, domain: '', inputs: [input], outputs: [output], attributes: new Map() };
}
