import { type Model, writeModel } from '@edgewise/models/onnx';
import { exposeValues } from '@edgewise/models/profile';
import type { Feeds, Runtime } from '@edgewise/models/runtime';
import {
  faultFinderOf,
  type IntegerLayer,
  integerLayersOf,
  type SaturationTarget,
  singleLayerOf,
} from '@edgewise/models/shrink';
import type { Tensor } from '@edgewise/models/tensor';

/** What was said about one layer beside what a processor really gave. */
export interface LayerComparison {
  readonly name: string;
  readonly op: string;
  readonly outputs: number;
  /** Outputs that were said to be wrong. */
  readonly named: number;
  /** Outputs that are wrong. */
  readonly wrong: number;
  /** Outputs that came out as they were said to, right or wrong. */
  readonly asPredicted: number;
}

/** With what layers are compared. */
export interface Places {
  readonly target: SaturationTarget;
  /** The processor that the prediction is about. */
  readonly real: Runtime;
  /** A processor that adds integers exactly. */
  readonly exact: Runtime;
  /** Runs graphs as they are written. */
  readonly here: Runtime;
}

/** Runs every integer layer of a model alone on a processor, given right inputs. */
export async function compareLayers(
  model: Model,
  feeds: Feeds,
  places: Places,
): Promise<readonly LayerComparison[]> {
  const layers = integerLayersOf(model.graph);
  const inputs = layers.map(({ node }) => node.inputs[0] ?? '');
  const inner = await answersOf(places.here, exposeValues(model, [...new Set(inputs)]), {
    ...{ feeds, outputs: [...new Set(inputs)], optimise: 'none' },
  });
  const compared: LayerComparison[] = [];
  for (const [at, layer] of layers.entries()) {
    const value = inner[inputs[at] ?? ''];
    if (value !== undefined) compared.push(await compareLayer(model, layer, { ...places, value }));
  }
  return compared;
}

/** A float output is a sum in float, which may differ in its last bits. */
const floatTolerance = 1e-5;

async function compareLayer(
  model: Model,
  layer: IntegerLayer,
  { target, real, exact, here, value }: Places & { readonly value: Tensor },
): Promise<LayerComparison> {
  const { model: single, input, output } = singleLayerOf(model, layer);
  const call = { feeds: { [input]: value }, outputs: [output], optimise: 'all' } as const;
  const floats = async (runtime: Runtime) =>
    (await answersOf(runtime, single, call))[output]?.data as Float32Array;
  const [right, given] = [await floats(exact), await floats(real)];
  const codes = await codesOf(here, single, { ...call, codes: layer.input });
  const predicted = Float32Array.from(right);
  let named = 0;
  faultFinderOf(layer, target)?.(codes, ({ at, right: code, wrong }) => {
    named++;
    predicted[at] = (right[at] ?? 0) + (wrong - code) * (layer.output?.scale ?? 1);
  });
  const largest = right.reduce((most, y) => Math.max(most, Math.abs(y)), 0);
  // Half a step tells codes apart, however their floats were rounded.
  const tolerance = layer.output === undefined ? floatTolerance * largest : layer.output.scale / 2;
  const count = (than: Float32Array): number =>
    given.filter((y, at) => Math.abs(y - (than[at] ?? 0)) > tolerance).length;
  return {
    ...{ name: layer.name, op: layer.node.op, outputs: right.length, named },
    ...{ wrong: count(right), asPredicted: right.length - count(predicted) },
  };
}

interface Call {
  readonly feeds: Feeds;
  readonly outputs: readonly string[];
  readonly optimise: 'none' | 'all';
}

async function codesOf(
  here: Runtime,
  single: Model,
  { feeds, codes }: Call & { readonly codes: IntegerLayer['input'] },
): Promise<Tensor> {
  const { value: name, dtype } = codes;
  const watched = {
    ...single,
    graph: { ...single.graph, outputs: [{ name, dtype, dims: undefined }] },
  };
  const answers = await answersOf(here, watched, { feeds, outputs: [name], optimise: 'none' });
  return answers[name] as Tensor;
}

async function answersOf(
  runtime: Runtime,
  model: Model,
  { feeds, outputs, optimise }: Call,
): Promise<Feeds> {
  await using session = await runtime.load(writeModel(model), { optimise });
  return await session.run(feeds, { outputs });
}
