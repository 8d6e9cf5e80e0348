import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type Code, FleetError } from '@edgewise/protocol';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { readModel } from '../onnx/read.ts';
import { writeModel } from '../onnx/write.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { convertTfjs, notesKey, weightPaths } from './convert.ts';
import { readManifest, readWeights } from './read-weights.ts';
import { randomised, type SavedModel, saved } from './testing/tfjs-model.ts';

before(() => tf.setBackend('cpu'));

const { layers } = tf;

/** One dense layer `d` of a 3 x 2 kernel and a bias. */
function small(): Promise<SavedModel> {
  const model = tf.sequential();
  model.add(layers.dense({ units: 2, inputShape: [3], name: 'd' }));
  return saved(randomised(model));
}

type Fields = Record<string, unknown>;
type Changes = (document: Fields) => void;

/** What stands at a path in a document. */
function at(document: unknown, ...path: readonly (string | number)[]): Fields {
  return path.reduce<unknown>((place, key) => (place as Fields)[key], document) as Fields;
}

function push(document: Fields, path: readonly (string | number)[], item: object): void {
  (at(document, ...path) as unknown as object[]).push(item);
}

const weightsAt = ['weightsManifest', 0, 'weights'] as const;
const layersAt = ['modelTopology', 'config', 'layers'] as const;

function changed({ document, bytes }: SavedModel, change: Changes): SavedModel {
  const copy = structuredClone(document);
  change(copy);
  return { document: copy, bytes };
}

function refused({ document, bytes }: SavedModel, code: Code, message: RegExp): void {
  assert.throws(
    () => convertTfjs(document, bytes),
    (error) => {
      assert.ok(error instanceof FleetError);
      assert.equal(error.code, code, error.message);
      assert.match(error.reason, message);
      return true;
    },
  );
}

test('quantized weights are what tfjs reads from the same bytes', () => {
  const stored = { uint8: Uint8Array, uint16: Uint16Array, float16: Uint16Array } as const;
  for (const [dtype, Numbers] of Object.entries(stored)) {
    const limit = Numbers === Uint8Array ? 256 : 30_000;
    const numbers = new Numbers([0, 1, 2, 3, 4, 5].map((at) => (at * 9173) % limit));
    const bytes = new Uint8Array(numbers.buffer);
    const quantization = { dtype: dtype as 'uint8', scale: 0.037, min: -1.3 };
    for (const type of dtype === 'float16' ? ['float32'] : ['float32', 'int32']) {
      const spec = { name: 'w', shape: [2, 3], dtype: type as 'float32', quantization };
      const theirs = tf.io.decodeWeights(bytes.buffer, [spec]).w?.dataSync();
      const ours = readWeights(readManifest([{ paths: [], weights: [spec] }]), bytes).get('w');
      assert.deepEqual(ours?.data, theirs, `${dtype} ${type}`);
    }
  }
});

test('every half number is read as tfjs reads it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7bff }), fc.boolean(), (bits, isNegative) => {
      const half = Uint16Array.of(isNegative ? bits | 0x8000 : bits);
      const spec = { name: 'w', shape: [1], dtype: 'float32', quantization: { dtype: 'float16' } };
      const theirs = tf.io.decodeWeights(half.buffer, [spec as tf.io.WeightsManifestEntry]);
      const manifest = readManifest([{ paths: [], weights: [spec] }]);
      const ours = readWeights(manifest, new Uint8Array(half.buffer)).get('w');
      assert.equal(ours?.data[0], theirs.w?.dataSync()[0]);
    }),
  );
});

test('weights in several groups and files are one run of bytes', async () => {
  const model = await small();
  const { weightsManifest } = model.document as { weightsManifest: { weights: object[] }[] };
  const [kernel, bias] = weightsManifest[0]?.weights ?? [];
  const groups = [
    { paths: ['a1.bin', 'a2.bin'], weights: [kernel] },
    { paths: ['b.bin'], weights: [bias] },
  ];
  const document = { ...model.document, weightsManifest: groups };
  assert.deepEqual(weightPaths(document), ['a1.bin', 'a2.bin', 'b.bin']);
  assert.deepEqual(convertTfjs(document, model.bytes), convertTfjs(model.document, model.bytes));
});

test('the state of an optimizer beside the weights is skipped', async () => {
  const model = await small();
  const state = { name: 'Adam/m', shape: [2], dtype: 'float32', group: 'optimizer' };
  const next = changed(model, (document) => push(document, weightsAt, state));
  const bytes = new Uint8Array(model.bytes.length + 8);
  bytes.set(model.bytes);
  assert.deepEqual(convertTfjs(next.document, bytes), convertTfjs(model.document, model.bytes));
});

test('a weight that no layer uses is told in the metadata', async () => {
  const model = await small();
  const stray = { name: 'x/y', shape: [1], dtype: 'float32' };
  const next = changed(model, (document) => push(document, weightsAt, stray));
  const bytes = new Uint8Array(model.bytes.length + 4);
  bytes.set(model.bytes);
  const notes = convertTfjs(next.document, bytes).metadata.get(notesKey);
  assert.deepEqual(JSON.parse(notes ?? ''), ['No layer uses the weight x/y.']);
});

test('the converted model survives its file, with constants named after their layers', async () => {
  const model = await small();
  const converted = convertTfjs(model.document, model.bytes);
  const { graph } = readModel(writeModel(converted));
  assert.deepEqual([...graph.initializers.keys()], ['d/kernel', 'd/bias']);
  const kernel = graph.initializers.get('d/kernel') as Tensor;
  assert.deepEqual(kernel.dims, [2, 3]);
  assert.deepEqual(
    graph.outputs.map(({ name }) => name),
    ['d'],
  );
});

test('a layer without a counterpart is refused with its name, its class and what to do', async () => {
  const model = tf.sequential();
  model.add(
    layers.convLstm2d({ filters: 1, kernelSize: 2, name: 'odd', inputShape: [2, 4, 4, 1] }),
  );
  const message = /^Layer odd \(ConvLSTM2D\) has no counterpart here. Replace it by .*Conv2D/;
  refused(await saved(model), 'unsupported', message);
});

test('a GraphModel is refused with how to convert it', async () => {
  const { bytes } = await small();
  const document = { format: 'graph-model', modelTopology: { node: [] }, weightsManifest: [] };
  refused({ document, bytes }, 'unsupported', /GraphModel.*tf2onnx.*tfjs_layers_model/);
});

test('what tfjs and Keras compute differently is refused', async () => {
  const sequences = tf.sequential();
  sequences.add(layers.embedding({ inputDim: 4, outputDim: 2, maskZero: true, inputShape: [3] }));
  const pool = { class_name: 'GlobalAveragePooling1D', config: { name: 'mean' } };
  const pooled = changed(await saved(sequences), (document) => push(document, layersAt, pool));
  refused(pooled, 'unsupported', /mean \(GlobalAveragePooling1D\) gets a mask/);
  const images = tf.sequential();
  images.add(layers.depthwiseConv2d({ kernelSize: 2, name: 'deep', inputShape: [4, 4, 1] }));
  const spread = changed(await saved(images), (document) => {
    at(document, ...layersAt, 0, 'config').dilation_rate = [2, 2];
  });
  refused(spread, 'unsupported', /deep \(DepthwiseConv2D\) has a dilation/);
});

test('a file that is not what it promises is refused with what is wrong', async () => {
  const model = await small();
  const edit =
    (...path: readonly (string | number)[]) =>
    (changes: Fields): Changes =>
    (document) => {
      Object.assign(at(document, ...path), changes);
    };
  const layer = edit(...layersAt, 0, 'config');
  const weight = edit(...weightsAt, 0);
  const topology = edit('modelTopology');
  const cases: readonly (readonly [Changes, RegExp])[] = [
    [weight({ shape: [3, 3] }), /lists 44 bytes of weights, but the files hold 32/],
    [weight({ shape: [2, 3] }), /d \(Dense\) needs its weight "kernel" as float32 \[3, 2\]/],
    [weight({ name: 'e/kernel' }), /d \(Dense\) has no weight "kernel"/],
    [weight({ dtype: 'complex64' }), /weight "d\/kernel" is of type "complex64"/],
    [weight({ shape: 'x' }), /weight "d\/kernel" has no shape/],
    [weight({ quantization: { dtype: 'int4' } }), /quantized as "int4"; known are uint8/],
    [layer({ batch_input_shape: null }), /no batch_input_shape/],
    [layer({ units: 'two' }), /"units" is "two", but must be/],
    [layer({ use_bias: 1 }), /"use_bias" is 1/],
    [edit()({ weightsManifest: null }), /no weightsManifest/],
    [topology({ class_name: 'Graph' }), /class "Graph", not/],
    [topology({ config: { layers: [] } }), /has no layers/],
    [topology({ config: 5 }), /The model is 5, not an object/],
  ];
  for (const [change, message] of cases) refused(changed(model, change), 'malformed', message);
  refused({ ...model, document: [] as unknown as Fields }, 'malformed', /no JSON object/);
  refused({ ...model, bytes: new Uint8Array(31) }, 'malformed', /but the files hold 31/);
});

test('a functional model whose layers do not lead to each other is refused', async () => {
  const input = tf.input({ shape: [3], name: 'in' });
  const output = layers.dense({ units: 2, name: 'd' }).apply(input);
  const model = await saved(tf.model({ inputs: input, outputs: output as tf.SymbolicTensor }));
  const lost = changed(model, (document) => {
    at(document, 'modelTopology', 'config').output_layers = [['e', 0, 0]];
  });
  refused(lost, 'malformed', /output e does not exist/);
  const circle = changed(model, (document) => {
    at(document, ...layersAt, 1).inbound_nodes = [[['d', 0, 0, {}]]];
  });
  refused(circle, 'malformed', /No layer gives what d read/);
  const twice = changed(model, (document) =>
    push(document, layersAt, at(document, ...layersAt, 1)),
  );
  refused(twice, 'malformed', /Two layers are named "d"/);
});

test('no document, however wrong, ends in anything but a clear refusal', async () => {
  const { document, bytes } = await small();
  const text = JSON.stringify(document);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (place, piece) => {
      const broken = text.slice(0, place) + piece + text.slice(place + piece.length);
      let parsed: unknown;
      try {
        parsed = JSON.parse(broken);
      } catch {
        // No JSON: nothing to convert.
        return;
      }
      try {
        convertTfjs(parsed, bytes);
      } catch (error) {
        assert.ok(error instanceof FleetError, String(error));
        assert.ok(['malformed', 'unsupported'].includes(error.code), error.message);
      }
    }),
    { numRuns: 500 },
  );
});
