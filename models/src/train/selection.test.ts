import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EpochMetrics } from './checkpoint.ts';
import { bestEpoch, hasStopped } from './selection.ts';

const curve = (...losses: number[]): readonly EpochMetrics[] =>
  losses.map((loss, epoch) => ({
    ...{ epoch, loss: 1, accuracy: 0, learningRate: 0.1 },
    validation: { loss, accuracy: 1 - loss / 10 },
  }));

test('the best epoch is the first with the lowest validation loss or highest accuracy', () => {
  assert.equal(bestEpoch(curve(3, 1, 2, 1), {}), 1);
  assert.equal(bestEpoch(curve(3, 1, 2, 0.5), { monitor: 'accuracy' }), 3);
  assert.equal(bestEpoch([], {}), -1);
});

test('training stops after as many epochs without improvement as patience allows', () => {
  const earlyStopping = { patience: 2 };
  assert.equal(hasStopped(curve(3, 2, 2.5), { earlyStopping }), false);
  assert.equal(hasStopped(curve(3, 2, 2.5, 2), { earlyStopping }), true);
  assert.equal(hasStopped(curve(3, 2, 2.5, 1.9), { earlyStopping }), false);
  assert.equal(hasStopped(curve(3, 2, 2, 2, 2), {}), false);
});

test('an improvement below the least one counts as none', () => {
  const earlyStopping = { patience: 2, minImprovement: 0.5 };
  assert.equal(hasStopped(curve(3, 2.8, 2.6), { earlyStopping }), true);
  assert.equal(hasStopped(curve(3, 2.8, 2.4), { earlyStopping }), false);
});
