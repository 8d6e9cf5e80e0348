import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { tensor } from '../tensor/tensor.ts';
import { splitForValidation } from './validation-split.ts';

/** Sample n holds n and -n; every tenth is of class 1, sample 5 alone is of class 2. */
const data = {
  inputs: tensor(
    'float32',
    [60, 2],
    Float32Array.from({ length: 120 }, (_, at) => (at % 2 === 0 ? 1 : -1) * (at >> 1)),
  ),
  labels: Int32Array.from({ length: 60 }, (_, at) => (at === 5 ? 2 : at % 10 === 0 ? 1 : 0)),
};
const samplesOf = ({ inputs }: typeof data) =>
  Array.from(inputs.data as Float32Array).filter((_, at) => at % 2 === 0);

test('every sample is in one part, with its label, and every class with two is in both', () => {
  const { train, validation } = splitForValidation(data, { share: 0.1, seed: 3 });
  const parts = [train, validation] as (typeof data)[];
  const all = parts.flatMap(samplesOf).sort((a, b) => a - b);
  assert.deepEqual(
    all,
    Array.from({ length: 60 }, (_, at) => at),
  );
  for (const part of parts) {
    assert.deepEqual(part.inputs.dims, [part.labels.length, 2]);
    assert.deepEqual(
      Array.from(part.labels),
      samplesOf(part).map((sample) => data.labels[sample]),
    );
  }
  assert.deepEqual([...new Set(validation.labels)].sort(), [0, 1]);
  assert.equal(validation.labels.length, 5 + 1);
});

test('the seed decides the split', () => {
  const held = (seed: number) => splitForValidation(data, { share: 0.2, seed }).validation;
  assert.deepEqual(held(1), held(1));
  assert.notDeepEqual(held(1), held(2));
});

test('data without two samples of a class cannot be split', () => {
  const single = {
    inputs: tensor('float32', [2, 1], new Float32Array(2)),
    labels: Int32Array.of(0, 1),
  };
  assert.throws(
    () => splitForValidation(single, { share: 0.5, seed: 1 }),
    (error) => error instanceof FleetError && error.code === 'insufficient-data',
  );
});
