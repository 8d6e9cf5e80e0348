import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@edgewise/protocol/http';
import { tallyOf } from './tally.ts';

const rungs = [
  { trials: 4, epochs: 1 },
  { trials: 2, epochs: 3 },
];

const aTrial = (number: number, status: Trial['status'], ...accuracies: number[]): Trial => ({
  ...{ number, parameters: {}, recipe: '', status, progress: 0, error: null },
  results: accuracies.map((accuracy, at) => ({ epochs: at + 1, accuracy, loss: 1 - accuracy })),
});

test('a round is under way until all that are left in it have finished it', () => {
  const first = [aTrial(1, 'paused', 0.7), aTrial(2, 'running'), aTrial(3, 'failed')];
  assert.deepEqual(tallyOf(first, rungs), {
    ...{ ended: 1, failed: 1, round: 1, finished: 2, leader: { trial: 1, accuracy: 0.7 } },
  });
  const second = [aTrial(1, 'running', 0.7), aTrial(2, 'paused', 0.6), aTrial(3, 'stopped', 0.2)];
  assert.deepEqual(tallyOf(second, rungs), {
    ...{ ended: 1, failed: 0, round: 2, finished: 0, leader: { trial: 1, accuracy: 0.7 } },
  });
});

test('after the last round it stays the last', () => {
  const trials = [aTrial(1, 'done', 0.7, 0.8), aTrial(2, 'stopped', 0.9)];
  assert.deepEqual(tallyOf(trials, rungs), {
    ...{ ended: 2, failed: 0, round: 2, finished: 1, leader: { trial: 1, accuracy: 0.8 } },
  });
});

test('of trials that found nothing none leads, and neither does one that failed; canceled is no end', () => {
  assert.equal(tallyOf([aTrial(1, 'waiting')], rungs).leader, null);
  const trials = [aTrial(1, 'failed', 0.9), aTrial(2, 'canceled', 0.3)];
  assert.deepEqual(tallyOf(trials, rungs), {
    ...{ ended: 1, failed: 1, round: 1, finished: 2, leader: { trial: 2, accuracy: 0.3 } },
  });
});
