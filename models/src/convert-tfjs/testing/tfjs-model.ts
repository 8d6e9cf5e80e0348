import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../../tensor/tensor.ts';
import { convertTfjs } from '../convert.ts';

/** A model as tfjs saves it: the parsed `model.json` and its joined weight files. */
export interface SavedModel {
  readonly document: Readonly<Record<string, unknown>>;
  readonly bytes: Uint8Array;
}

/** What `model.save` would write into files. */
export async function saved(model: tf.LayersModel): Promise<SavedModel> {
  let found: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler((artifacts) => {
    found = artifacts;
    return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) });
  });
  await model.save(handler);
  const { modelTopology, weightSpecs, weightData, format } = found ?? {};
  const weightsManifest = [{ paths: ['group1-shard1of1.bin'], weights: weightSpecs }];
  const document: unknown = JSON.parse(JSON.stringify({ format, modelTopology, weightsManifest }));
  const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
  return { document: document as SavedModel['document'], bytes };
}

/** Gives every weight of a model numbers that are its own; variances stay positive. */
export function randomised(model: tf.LayersModel, seed = 5): tf.LayersModel {
  const random = createRandom(seed);
  for (const weight of model.weights) {
    const dims = weight.shape.map(Number);
    const isVariance = weight.name.includes('moving_variance');
    const data = Float32Array.from({ length: elementCount(dims) }, () =>
      isVariance ? random.between(0.2, 2) : random.between(-0.7, 0.7),
    );
    weight.write(tf.tensor(data, dims));
  }
  return model;
}

/** What goes into one input. */
export interface Feed {
  readonly dims: readonly number[];
  /** Whole numbers below this; else real ones between -2 and 2. */
  readonly below?: number;
  /** Numbers that are given instead of drawn. */
  readonly data?: readonly number[];
}

/**
 * The largest difference between a tfjs model and its ONNX model on the same random inputs; `peer`
 * is another model that must give the same, for what tfjs' plain backend gets wrong.
 */
export async function largestDifference(
  model: tf.LayersModel,
  feeds: readonly Feed[],
  peer: tf.LayersModel = model,
): Promise<number> {
  const { document, bytes } = await saved(model);
  const converted = convertTfjs(document, bytes);
  const { inputs } = converted.graph;
  const values = feeds.map((feed, at) => drawn(feed, at + 1));
  const expected = [
    peer.predict(
      values.map(({ dims, data }, at) =>
        tf.tensor(data, [...dims], inputs[at]?.dtype === 'int32' ? 'int32' : 'float32'),
      ),
    ),
  ].flat();
  const given = inputs.map(({ name, dtype }, at) => [name, cast(values[at], dtype === 'int32')]);
  await using session = await createOnnxRuntime().load(writeModel(converted));
  const results = await session.run(Object.fromEntries(given));
  const differences = expected.map((theirs, at) => {
    const ours = results[converted.graph.outputs[at]?.name ?? ''];
    assert.deepEqual(ours?.dims, theirs.shape);
    return distance(ours?.data as Float32Array, theirs.dataSync() as Float32Array);
  });
  return Math.max(...differences);
}

function drawn({ dims, below, data }: Feed, seed: number): Tensor<'float32'> {
  const random = createRandom(seed, 77);
  const draw = (): number => (below === undefined ? random.between(-2, 2) : random.below(below));
  return tensor(
    'float32',
    dims,
    data === undefined
      ? Float32Array.from({ length: elementCount(dims) }, draw)
      : Float32Array.from(data),
  );
}

function cast(value: Tensor<'float32'> | undefined, whole: boolean): Tensor | undefined {
  if (value === undefined || !whole) return value;
  return tensor('int32', value.dims, Int32Array.from(value.data));
}

/** Largest difference, relative for numbers above 1. NaN where either has one. */
function distance(ours: Float32Array, theirs: Float32Array): number {
  assert.equal(ours.length, theirs.length);
  const all = ours.map((value, at) => {
    const other = theirs[at] ?? Number.NaN;
    return value === other ? 0 : Math.abs(value - other) / Math.max(1, Math.abs(other));
  });
  return all.reduce((most, value) => (value > most || Number.isNaN(value) ? value : most), 0);
}
