import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@edgewise/protocol/http';
import { usefulCheckpoints } from './useful-checkpoints.ts';

function aTrial(number: number, status: Trial['status'], accuracy?: number): Trial {
  return {
    ...{ number, parameters: {}, recipe: '', status, progress: 0, error: null },
    results: accuracy === undefined ? [] : [{ epochs: 1, accuracy, loss: 1 - accuracy }],
  };
}

test('trials that go on and the best of those that are done need their checkpoints, the rest do not', () => {
  const trials = [
    ...[aTrial(1, 'waiting'), aTrial(2, 'running'), aTrial(3, 'paused', 0.2)],
    ...[aTrial(4, 'stopped', 0.9), aTrial(5, 'failed'), aTrial(6, 'canceled', 0.9)],
    ...[aTrial(7, 'done', 0.7), aTrial(8, 'done', 0.8)],
  ];
  assert.deepEqual([...usefulCheckpoints(trials)], [1, 2, 3, 8]);
  assert.deepEqual([...usefulCheckpoints(trials.slice(3, 6))], []);
});
