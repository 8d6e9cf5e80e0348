import { FleetError } from '@edgewise/protocol';
import { producersOf, readsOf, sortNodes } from '../../onnx/edit.ts';
import type { Graph, Initializer, Model, Node, ValueInfo } from '../../onnx/graph.ts';
import { inferShapes, valueInfoOf } from '../../onnx/shapes/infer.ts';
import { writeModel } from '../../onnx/write.ts';
import type { Feeds, Runtime } from '../../runtime/runtime.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * Runs a model over a fixed set of feeds piece by piece, in whatever steps its reader asks for, each
 * node once. Constants and values may be changed in between: later pieces see the change. Only what
 * later pieces still read is kept.
 */
export interface Piecewise {
  /** One tensor per feed; runs what the value needs and has not run yet. */
  values(name: string): Promise<readonly Tensor[]>;
  /** Replaces a value that was computed, one tensor per feed. */
  setValues(name: string, values: readonly Tensor[]): void;
  /** Replaces a constant for the pieces that have not run. */
  setConstant(name: string, value: Initializer): void;
}

/** Starts before the first node. */
export function createPiecewise(
  model: Model,
  feeds: readonly Feeds[],
  options: { readonly runtime: Runtime; readonly signal?: AbortSignal },
): Piecewise {
  const inferred = inferShapes(model);
  const graph = { ...inferred.graph, nodes: sortNodes(inferred.graph.nodes) };
  const constants = new Map<string, Initializer>(graph.initializers);
  const producers = producersOf(graph.nodes);
  const done = new Set<Node>();
  const kept = new Map<string, readonly Tensor[]>(
    graph.inputs
      .filter(({ name }) => !constants.has(name))
      .map(({ name }) => [name, feeds.map((feed) => feedOf(feed, name))]),
  );

  const run = async (name: string): Promise<void> => {
    const nodes = neededFor(name, { graph, producers, stop: (value) => kept.has(value) });
    for (const node of nodes) done.add(node);
    const unread = new Set(graph.nodes.filter((node) => !done.has(node)).flatMap(readsOf));
    const piece = pieceOf(nodes, { graph, constants, kept, wanted: new Set([...unread, name]) });
    for (const [output, values] of await runPiece({ ...inferred, graph: piece }, kept, options)) {
      kept.set(output, values);
    }
    for (const value of kept.keys()) if (!unread.has(value) && value !== name) kept.delete(value);
  };

  return {
    async values(name) {
      if (!kept.has(name)) await run(name);
      return kept.get(name) ?? [];
    },
    setValues(name, values) {
      kept.set(name, values);
    },
    setConstant(name, value) {
      constants.set(name, value);
    },
  };
}

function feedOf(feed: Feeds, name: string): Tensor {
  const found = feed[name];
  if (found !== undefined) return found;
  throw new FleetError('invalid-argument', `A feed lacks the input ${name}.`);
}

/** In graph order, the nodes between values that are there and the one that is wanted. */
function neededFor(
  name: string,
  {
    graph,
    producers,
    stop,
  }: {
    readonly graph: Graph;
    readonly producers: ReadonlyMap<string, Node>;
    stop(value: string): boolean;
  },
): readonly Node[] {
  const needed = new Set<Node>();
  const waiting = [name];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    const node = stop(value) ? undefined : producers.get(value);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    waiting.push(...readsOf(node));
  }
  return graph.nodes.filter((node) => needed.has(node));
}

function pieceOf(
  nodes: readonly Node[],
  {
    graph,
    constants,
    kept,
    wanted,
  }: {
    readonly graph: Graph;
    readonly constants: ReadonlyMap<string, Initializer>;
    readonly kept: ReadonlyMap<string, readonly Tensor[]>;
    readonly wanted: ReadonlySet<string>;
  },
): Graph {
  const reads = new Set(nodes.flatMap(readsOf));
  const inputs = [...reads].flatMap((name): readonly ValueInfo[] => {
    const sample = kept.get(name)?.[0];
    return sample === undefined ? [] : [{ name, dtype: sample.dtype, dims: undefined }];
  });
  const outputs = nodes
    .flatMap((node) => node.outputs)
    .filter((name) => wanted.has(name))
    .map((name) => ({ name, dtype: valueInfoOf(graph, name)?.dtype, dims: undefined }));
  return {
    name: graph.name,
    nodes,
    inputs,
    outputs,
    initializers: new Map([...constants].filter(([name]) => reads.has(name))),
    values: new Map(),
  };
}

async function runPiece(
  model: Model,
  kept: ReadonlyMap<string, readonly Tensor[]>,
  { runtime, signal }: { readonly runtime: Runtime; readonly signal?: AbortSignal },
): Promise<ReadonlyMap<string, readonly Tensor[]>> {
  const given = signal === undefined ? {} : { signal };
  await using session = await runtime.load(writeModel(model), { optimise: 'none', ...given });
  const { inputs, outputs } = model.graph;
  const results = new Map(outputs.map(({ name }) => [name, [] as Tensor[]]));
  const count = [...kept.values()][0]?.length ?? 0;
  for (let at = 0; at < count; at++) {
    const feed = inputs.map(({ name }) => [name, kept.get(name)?.[at] as Tensor] as const);
    const values = await session.run(Object.fromEntries(feed), given);
    for (const [name, list] of results) list.push(values[name] as Tensor);
  }
  return results;
}
