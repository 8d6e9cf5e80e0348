import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder } from '../onnx/builder.ts';
import { writeModel } from '../onnx/write.ts';
import { tensor } from '../tensor/tensor.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const checkpoint: Checkpoint = {
  step: 12,
  state: { 'dense0.weight': tensor('float32', [1, 2], new Float32Array([0.1, -3e-30])) },
  history: [
    {
      ...{ epoch: 0, loss: 0.1 + 0.2, accuracy: 1 / 3, learningRate: 1 / 7 },
      validation: { accuracy: 0.5, loss: 2 / 3 },
    },
    { epoch: 1, loss: 0.1, accuracy: 0.9, learningRate: 0 },
  ],
  running: { loss: 1e-9, correct: 7 },
};

test('a checkpoint survives as it is', () => {
  assert.deepEqual(decodeCheckpoint(encodeCheckpoint(checkpoint)), checkpoint);
});

test('the weights of the best epoch are kept beside the present ones', () => {
  const best = { 'dense0.weight': tensor('float32', [1, 2], new Float32Array([4, 5])) };
  assert.deepEqual(decodeCheckpoint(encodeCheckpoint({ ...checkpoint, best })), {
    ...checkpoint,
    best,
  });
});

test('a training for few bits keeps the float weights that it started from', () => {
  const float = { 'dense0.weight': tensor('float32', [1, 2], new Float32Array([6, 7])) };
  assert.deepEqual(decodeCheckpoint(encodeCheckpoint({ ...checkpoint, float })), {
    ...checkpoint,
    float,
  });
});

test('tensors of the state may be called like what is kept beside it', () => {
  const names = ['best/w', 'float-model/w', 'state/w', 'w'];
  const state = Object.fromEntries(
    names.map((name, at) => [name, tensor('float32', [1], Float32Array.of(at))]),
  );
  const best = { w: tensor('float32', [1], Float32Array.of(9)) };
  const whole = { ...checkpoint, state, best };
  assert.deepEqual(decodeCheckpoint(encodeCheckpoint(whole)), whole);
});

const other = (metadata: ReadonlyMap<string, string>): Uint8Array =>
  writeModel(createGraphBuilder({ name: 'other', metadata }).build());

const strangers: readonly (readonly [string, Uint8Array])[] = [
  ['a model', other(new Map())],
  ['broken metadata', other(new Map([['edgewise.checkpoint', '{']]))],
  ['another document', other(new Map([['edgewise.checkpoint', '{"step":-1}']]))],
  ['half a file', encodeCheckpoint(checkpoint).subarray(0, 40)],
];

for (const [name, bytes] of strangers) {
  test(`${name} is refused as a checkpoint`, () => {
    assert.throws(
      () => decodeCheckpoint(bytes),
      (error) => error instanceof FleetError && error.code === 'malformed',
    );
  });
}
