import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { convertTfjs, notesKey } from './convert.ts';
import { largestDifference, randomised, saved } from './testing/tfjs-model.ts';

before(() => tf.setBackend('cpu'));

const { layers } = tf;

const kinds = { simpleRNN: layers.simpleRNN, gru: layers.gru, lstm: layers.lstm } as const;
const settings = [
  {},
  { returnSequences: true },
  { goBackwards: true },
  { goBackwards: true, returnSequences: true },
  { useBias: false, activation: 'relu' },
  { recurrentActivation: 'sigmoid', activation: 'softsign' },
  { activation: 'linear', recurrentActivation: 'hardSigmoid' },
] as const;

for (const [kind, make] of Object.entries(kinds)) {
  const layer = (options: object): tf.layers.Layer =>
    (make as typeof layers.lstm)({ units: 5, ...options });
  for (const options of settings) {
    test(`${kind} with ${JSON.stringify(options)} gives what tfjs gives`, async () => {
      const model = tf.sequential();
      model.add(layers.inputLayer({ inputShape: [6, 4] }));
      model.add(layer(options));
      assert.ok((await largestDifference(randomised(model), [{ dims: [3, 6, 4] }])) < 1e-5);
    });
  }
  for (const mergeMode of ['concat', 'sum', 'mul', 'ave'] as const) {
    test(`bidirectional ${kind} joined by ${mergeMode} gives what tfjs gives`, async () => {
      const model = tf.sequential();
      model.add(layers.inputLayer({ inputShape: [null as unknown as number, 4] }));
      const inner = layer({ returnSequences: true }) as tf.RNN;
      model.add(layers.bidirectional({ layer: inner, mergeMode }));
      model.add(layers.bidirectional({ layer: layer({}) as tf.RNN, mergeMode }));
      assert.ok((await largestDifference(randomised(model), [{ dims: [3, 6, 4] }])) < 1e-5);
    });
  }
  test(`${kind} gives its states and starts from given ones as in tfjs`, async () => {
    const input = tf.input({ shape: [6, 4] });
    const encoder = layer({ returnState: true, returnSequences: true });
    const [sequence, ...states] = encoder.apply(input) as tf.SymbolicTensor[];
    const decoder = layer({ returnSequences: true, goBackwards: true });
    const output = decoder.apply([sequence, ...states] as tf.SymbolicTensor[]);
    const outputs = [output as tf.SymbolicTensor, ...states];
    const model = tf.model({ inputs: input, outputs });
    assert.ok((await largestDifference(randomised(model), [{ dims: [3, 6, 4] }])) < 1e-5);
  });
  for (const options of settings.slice(0, 4)) {
    test(`${kind} with ${JSON.stringify(options)} passes over masked words as tfjs does`, async () => {
      const model = tf.sequential();
      const words = { inputDim: 9, outputDim: 4, maskZero: true };
      model.add(layers.embedding({ ...words, inputShape: [null as unknown as number] }));
      model.add(layer(options));
      // Gaps at the start, in the middle, at the end, everywhere and nowhere.
      const data = [
        ...[0, 0, 3, 4, 5, 1],
        ...[3, 0, 4, 0, 0, 2],
        ...[8, 7, 0, 0, 0, 0],
        ...[0, 0, 0, 0, 0, 0],
        ...[1, 2, 3, 4, 5, 6],
      ];
      assert.ok((await largestDifference(randomised(model), [{ dims: [5, 6], data }])) < 1e-5);
    });
  }
}

test('masked steps pass through a bidirectional layer as in tfjs', async () => {
  const model = tf.sequential();
  model.add(layers.masking({ maskValue: 0, inputShape: [4, 2] }));
  const inner = layers.gru({ units: 3, returnSequences: true }) as tf.RNN;
  model.add(layers.bidirectional({ layer: inner, mergeMode: 'concat' }));
  model.add(layers.lstm({ units: 3 }));
  const data = [...[0, 0, 1, 0, 0, 0, 2, -1], ...[1, 1, 0, 0, 0, 2, 0, 0]];
  assert.ok((await largestDifference(randomised(model), [{ dims: [2, 4, 2], data }])) < 1e-5);
});

test('a stateful layer is converted to start from zero, and the model says so', async () => {
  const model = tf.sequential();
  model.add(layers.lstm({ units: 3, stateful: true, batchInputShape: [2, 4, 2] }));
  const { document, bytes } = await saved(randomised(model));
  const notes = convertTfjs(document, bytes).metadata.get(notesKey) ?? '';
  assert.match(notes, /LSTM\) is stateful: the ONNX model starts from zero/);
  assert.ok((await largestDifference(model, [{ dims: [2, 4, 2] }])) < 1e-5);
});
