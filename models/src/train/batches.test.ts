import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensor } from '../tensor/tensor.ts';
import { createBatches } from './batches.ts';
import { readRecipe } from './read-recipe.ts';

const recipe = readRecipe({
  name: 'numbers',
  task: 'classification',
  input: { shape: [2], dtype: 'float32', scale: 1 },
  layers: [{ kind: 'dense', units: 50 }],
  loss: 'softmax-cross-entropy',
  optimizer: { kind: 'sgd', rate: 1 },
  schedule: { kind: 'constant' },
  epochs: 1,
  batchSize: 8,
  seed: 1,
});

/** Sample n holds the numbers n and -n and has class n. */
const data = {
  inputs: tensor(
    'float32',
    [50, 2],
    Float32Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? 1 : -1) * (at >> 1)),
  ),
  labels: Int32Array.from({ length: 50 }, (_, sample) => sample),
};

const batches = () => createBatches(data, { recipe, seed: 4 });
const labelsAt = (step: number, source = batches()): readonly number[] =>
  Array.from(source.at(step).labels.data);

test('an epoch takes each sample at most once and leaves the rest for another order', () => {
  const source = batches();
  assert.equal(source.perEpoch, 6);
  const epochs = [0, 6].map((start) =>
    [0, 1, 2, 3, 4, 5].flatMap((step) => labelsAt(start + step, source)),
  );
  for (const epoch of epochs) assert.equal(new Set(epoch).size, 48);
  assert.notDeepEqual(epochs[0], epochs[1]);
});

test('inputs and labels stay together', () => {
  const { inputs, labels } = batches().at(3);
  const expected = Array.from(labels.data).flatMap((label) => [label, -label]);
  assert.deepEqual(Array.from(inputs.data as Float32Array), expected);
  assert.deepEqual(inputs.dims, [8, 2]);
});

test('a batch does not depend on the batches before it', () => {
  const source = batches();
  for (let step = 0; step < 9; step++) labelsAt(step, source);
  assert.deepEqual(labelsAt(9, source), labelsAt(9));
});
