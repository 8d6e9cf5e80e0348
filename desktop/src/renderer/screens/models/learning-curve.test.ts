import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metric, Run } from '@edgewise/protocol/http';
import { runFixtures } from '../../../testing/fixture-models.ts';
import { learningCurve } from './learning-curve.ts';

const [running, finished] = runFixtures(1_000_000) as [Run, Run];
const names = { training: 't', validation: 'v', best: 'b' };

const curveOf = (metrics: readonly Metric[]) =>
  learningCurve({ ...running, metrics: [...metrics] }, names);

test('what is measured once an epoch has gaps between, and is drawn across them', () => {
  const { xs, loss, accuracy } = learningCurve(running, names);
  const [training, validation] = loss;
  assert.deepEqual([training?.label, validation?.label], ['t', 'v']);
  assert.equal(training?.values.length, xs.length);
  assert.ok(training?.values.every((value) => value !== null));
  assert.deepEqual(validation?.values.slice(0, 5), [null, null, null, null, null]);
  assert.equal(validation?.values[5], running.metrics[5]?.validationLoss);
  assert.equal(validation?.joined, true);
  assert.equal(accuracy[1]?.values[11], running.metrics[11]?.accuracy);
});

test('the last epoch that was the best until then is the best, and is marked at its step', () => {
  const { epochs, best, marks } = learningCurve(finished, names);
  assert.equal(epochs.length, 10);
  assert.equal(best?.epoch, 7);
  assert.deepEqual(
    epochs.filter((epoch) => epoch.isBest),
    [best],
  );
  assert.deepEqual(marks, [{ at: best?.step, label: 'b', kind: 'best' }]);
});

test('a run without validation has one line of loss and no best epoch', () => {
  const { loss, accuracy, best, marks, epochs } = curveOf([
    { step: 50, epoch: 0, loss: 1 },
    { step: 80, epoch: 1, loss: 0.5, trainingAccuracy: 0.8 },
  ]);
  assert.deepEqual([loss.length, accuracy.length, epochs.length], [1, 1, 1]);
  assert.equal(best, undefined);
  assert.deepEqual(marks, []);
});

test('the first steps of a run show loss alone', () => {
  const { loss, accuracy } = curveOf([
    { step: 50, epoch: 0, loss: 1 },
    { step: 100, epoch: 0, loss: 0.9 },
  ]);
  assert.deepEqual([loss.length, accuracy.length], [1, 0]);
});

test('a loss of zero has no logarithm', () => {
  assert.equal(learningCurve(running, names).isPositive, true);
  assert.equal(curveOf([{ step: 50, epoch: 0, loss: 0 }]).isPositive, false);
});
