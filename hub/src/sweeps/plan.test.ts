import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Trial } from '@edgewise/protocol/http';
import { planSweep } from './plan.ts';

/** A trial with the accuracy of each of its rounds. */
function aTrial(number: number, accuracies: readonly number[], change: Partial<Trial> = {}): Trial {
  return {
    ...{ number, parameters: {}, recipe: '', status: 'paused', progress: 0, error: null },
    results: accuracies.map((accuracy, at) => ({ epochs: at + 1, accuracy, loss: 1 - accuracy })),
    ...change,
  };
}

const rungs = [
  { trials: 4, epochs: 1 },
  { trials: 2, epochs: 3 },
];

test('all trials of a round are trained before any is judged', () => {
  const trials = [aTrial(1, []), aTrial(2, [0.9]), aTrial(3, [])];
  assert.deepEqual(planSweep(trials, rungs), [
    { kind: 'train', trial: 1, epochs: 1 },
    { kind: 'train', trial: 3, epochs: 1 },
  ]);
});

test('the worse half stops, the better half goes on for the epochs of the next round', () => {
  const trials = [aTrial(1, [0.5]), aTrial(2, [0.9]), aTrial(3, [0.7]), aTrial(4, [0.2])];
  const steps = planSweep(trials, rungs);
  assert.deepEqual(steps, [
    { kind: 'stop', trial: 1 },
    { kind: 'stop', trial: 4 },
  ]);
  const half = trials.map((trial) =>
    trial.number === 1 ? { ...trial, status: 'stopped' as const } : trial,
  );
  assert.deepEqual(planSweep(half, rungs), [{ kind: 'stop', trial: 4 }]);
  const judged = half.map((trial) =>
    trial.number === 4 ? { ...trial, status: 'stopped' as const } : trial,
  );
  assert.deepEqual(planSweep(judged, rungs), [
    { kind: 'train', trial: 2, epochs: 3 },
    { kind: 'train', trial: 3, epochs: 3 },
  ]);
});

test('nobody is stopped any more once one has gone on', () => {
  const trials = [aTrial(1, [0.6, 0.7]), aTrial(2, [0.9])];
  assert.deepEqual(
    planSweep(trials, [
      { trials: 2, epochs: 1 },
      { trials: 1, epochs: 3 },
    ]),
    [{ kind: 'train', trial: 2, epochs: 3 }],
  );
});

test('a trial that failed is left out, and its place is not lost to the others', () => {
  const failed = aTrial(1, [], { status: 'failed' });
  const trials = [failed, aTrial(2, [0.9]), aTrial(3, [0.8]), aTrial(4, [0.7])];
  assert.deepEqual(planSweep(trials, rungs), [{ kind: 'stop', trial: 4 }]);
});

test('when every round is done the best is chosen; when all have failed it gives up', () => {
  const stopped = aTrial(3, [0.99], { status: 'stopped' });
  const trials = [aTrial(1, [0.5, 0.8]), aTrial(2, [0.9, 0.7]), stopped];
  assert.deepEqual(planSweep(trials, rungs), [{ kind: 'choose', trial: 1 }]);
  const failed = trials.map((trial) => ({ ...trial, status: 'failed' as const }));
  assert.deepEqual(planSweep(failed, rungs), [{ kind: 'give-up' }]);
});
