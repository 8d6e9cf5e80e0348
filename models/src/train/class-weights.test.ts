import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classWeightsOf } from './class-weights.ts';

test('balanced weights make every class count alike and keep the mean at 1', () => {
  const labels = Int32Array.of(0, 0, 0, 1, 0, 0, 2, 2);
  const weights = classWeightsOf({ classWeights: 'balanced' }, labels, 4) ?? [];
  assert.deepEqual(weights, [8 / 20, 2, 1, 0]);
  const shares = [0, 1, 2].map((of) => (weights[of] ?? 0) * labels.filter((l) => l === of).length);
  assert.deepEqual(shares, [2, 2, 2]);
});

test('a list of weights is taken as it is, and none means none', () => {
  assert.deepEqual(classWeightsOf({ classWeights: [1, 5] }, Int32Array.of(0), 2), [1, 5]);
  assert.equal(classWeightsOf({}, Int32Array.of(0), 2), undefined);
});
