import { FleetError } from '@edgewise/protocol';
import { nameOf, producersOf } from '../onnx/edit.ts';
import type { Graph, Model } from '../onnx/graph.ts';
import { inferShapes, valueInfoOf } from '../onnx/shapes/infer.ts';
import { writeModel } from '../onnx/write.ts';
import { exposeValues } from '../profile/profile-head.ts';
import { namedRuntime } from '../runtime/named-runtime.ts';
import type { Feeds, Runtime } from '../runtime/runtime.ts';
import { createSignalNoise } from './signal.ts';

/** How far a value of the int8 graph is from the same value of the float graph. */
export interface LayerError {
  /** Node of the float graph that writes the value. */
  readonly node: string;
  readonly op: string;
  readonly value: string;
  /** In dB, with what all layers before have added; `undefined` for a value that is always zero. */
  readonly sqnrDb: number | undefined;
}

/**
 * Compares every value that both graphs know by the same name, in the order of the float graph.
 * Both run as they are written, so the result does not depend on the processor's int8 kernels.
 * Throws `insufficient-data` without a feed and `invalid-argument` for graphs that share no value.
 */
export async function layerErrors(
  float: Model,
  int8: Model,
  options: {
    readonly feeds: Iterable<Feeds> | AsyncIterable<Feeds>;
    readonly runtime: Runtime;
    /** What errors call the two; default "The float model" and "The int8 model". */
    readonly names?: Readonly<Record<'float' | 'int8', string>>;
    readonly signal?: AbortSignal;
    /** Called after each feed. */
    readonly onFeed?: () => void;
  },
): Promise<readonly LayerError[]> {
  const { feeds, runtime } = options;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const names = sharedValues(inferShapes(float).graph, inferShapes(int8).graph);
  if (names.length === 0) {
    const reason =
      'The two graphs share no value by name: the one is not a shrunk form of the other.';
    throw new FleetError('invalid-argument', reason);
  }
  const rounded = roundedValues(int8.graph);
  const given = new Map(names.map((name) => [name, rounded.get(name) ?? name]));
  const called = options.names ?? { float: 'The float model', int8: 'The int8 model' };
  const load = (name: string, model: Model, values: Iterable<string>) => {
    const bytes = writeModel(exposeValues(model, [...values]));
    return namedRuntime(runtime, name).load(bytes, { optimise: 'none', ...signal });
  };
  await using reference = await load(called.float, float, names);
  await using shrunk = await load(called.int8, int8, given.values());
  const errors = new Map(names.map((name) => [name, createSignalNoise()]));
  let runs = 0;
  for await (const feed of feeds) {
    const wanted = await reference.run(feed, { outputs: names, ...signal });
    const got = await shrunk.run(feed, { outputs: [...given.values()], ...signal });
    for (const [name, error] of errors) {
      const [x, y] = [wanted[name], got[given.get(name) ?? name]];
      if (x !== undefined && y !== undefined) error.add(x, y);
    }
    runs++;
    options.onFeed?.();
  }
  if (runs === 0) throw new FleetError('insufficient-data', 'There is no input to compare with.');
  const producers = producersOf(float.graph.nodes);
  return names.map((value) => {
    const node = producers.get(value);
    return {
      node: node === undefined ? value : nameOf(node),
      op: node?.op ?? '',
      value,
      sqnrDb: errors.get(value)?.sqnrDb(),
    };
  });
}

/** What readers see of a value that is laid on a grid: a Relu before it may live in that grid. */
function roundedValues({ nodes }: Graph): ReadonlyMap<string, string> {
  const outputOf = (op: string): ReadonlyMap<string, string> =>
    new Map(
      nodes
        .filter((node) => node.op === op)
        .map(({ inputs, outputs }) => [inputs[0] ?? '', outputs[0] ?? '']),
    );
  const floats = outputOf('DequantizeLinear');
  return new Map(
    [...outputOf('QuantizeLinear')].flatMap(([name, integer]) => {
      const float = floats.get(integer);
      return float === undefined ? [] : [[name, float] as const];
    }),
  );
}

/** Values that nodes of both graphs write as float32. */
function sharedValues(float: Graph, int8: Graph): readonly string[] {
  const others = producersOf(int8.nodes);
  return float.nodes
    .flatMap(({ outputs }) => outputs)
    .filter(
      (name) => name !== '' && others.has(name) && valueInfoOf(float, name)?.dtype === 'float32',
    );
}
