import { createFreshNames } from '../../onnx/edit.ts';
import type { Model, Node } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import { notFinite, nothingToRun, observedValues } from './observed-values.ts';
import type { Range, Ranges } from './ranges.ts';

/** How values are watched while the graph runs. */
export interface WatchOptions {
  /** Lets NaN pass, as the Python tool does, and infinity; both are refused otherwise. */
  readonly passNaN?: boolean;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called after each feed. */
  readonly onFeed?: () => void;
}

/**
 * The range of every float32 value that a node reads or writes, over all calibration feeds.
 * The graph runs as it is written (a fused operator would hide what lies between), with a
 * ReduceMin and a ReduceMax on each value, and a ReduceSum, which NaN always reaches.
 * Throws `FleetError`: `insufficient-data` when there is no feed, `invalid-argument` for a value
 * that is not finite, by its name and node.
 */
export async function observeRanges(
  model: Model,
  feeds: Iterable<Feeds> | AsyncIterable<Feeds>,
  runtime: Runtime,
  options: WatchOptions = {},
): Promise<Ranges> {
  const { watched, probes } = watch(model, options);
  const { signal, threads = 1 } = options;
  const load = { optimise: 'none', threads, ...(signal && { signal }) } as const;
  await using session = await runtime.load(writeModel(watched), load);
  const run = { outputs: [...probes.values()].flat(), ...(signal && { signal }) };
  const ranges = new Map<string, Range>();
  let count = 0;
  for await (const feed of feeds) {
    const results = await session.run(feed, run);
    for (const [name, outputs] of probes) {
      const [min = 0, max = 0, sum = 0] = outputs.map((output) => Number(results[output]?.data[0]));
      // A value without any number: a detector that found nothing this time.
      if (min > max) continue;
      if (options.passNaN !== true && !isFiniteRange(min, max, sum)) {
        throw notFinite(model.graph, name, count);
      }
      ranges.set(name, widen(ranges.get(name), min, max));
    }
    count++;
    options.onFeed?.();
  }
  if (count === 0) throw nothingToRun();
  return ranges;
}

/** An infinite sum of finite numbers is no fault of theirs. */
function isFiniteRange(min: number, max: number, sum: number): boolean {
  return Number.isFinite(min) && Number.isFinite(max) && !Number.isNaN(sum);
}

function widen(range: Range | undefined, min: number, max: number): Range {
  const least = Math.min(range?.min ?? Infinity, Number.isNaN(min) ? Infinity : min);
  return {
    min: least,
    max: Math.max(range?.max ?? -Infinity, Number.isNaN(max) ? -Infinity : max),
  };
}

interface Watched {
  readonly watched: Model;
  /** Names of the reductions by value: least, greatest and, where NaN is looked for, the sum. */
  readonly probes: ReadonlyMap<string, readonly string[]>;
}

function watch(model: Model, { passNaN }: WatchOptions): Watched {
  const { graph } = model;
  const fresh = createFreshNames(graph);
  const probes = new Map<string, readonly string[]>();
  const nodes: Node[] = [];
  const ops =
    passNaN === true ? ['ReduceMin', 'ReduceMax'] : ['ReduceMin', 'ReduceMax', 'ReduceSum'];
  for (const name of observedValues(model)) {
    const names = ops.map((op) => fresh(`${name}_${op}`));
    probes.set(name, names);
    names.forEach((output, at) => {
      nodes.push(reduce(ops[at] ?? '', name, output));
    });
  }
  const outputs = [...probes.values()].flat().map((name) => ({
    name,
    dtype: 'float32' as const,
    dims: undefined,
  }));
  return {
    probes,
    watched: { ...model, graph: { ...graph, nodes: [...graph.nodes, ...nodes], outputs } },
  };
}

function reduce(op: string, input: string, output: string): Node {
  return { name: '', op, domain: '', inputs: [input], outputs: [output], attributes: new Map() };
}
