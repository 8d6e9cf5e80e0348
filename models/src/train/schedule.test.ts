import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learningRate, type Schedule } from './schedule.ts';

const rates = (schedule: Schedule, steps: readonly number[]): readonly number[] =>
  steps.map((step) => learningRate(0.8, schedule, { step, stepsPerEpoch: 10, epochs: 4 }));

const close = (actual: readonly number[], expected: readonly number[]): void => {
  for (const [at, value] of expected.entries()) {
    assert.ok(Math.abs((actual[at] ?? Number.NaN) - value) < 1e-12, `${actual} != ${expected}`);
  }
};

test('a constant rate stays', () => {
  close(rates({ kind: 'constant' }, [0, 39]), [0.8, 0.8]);
});

test('a step schedule drops after whole epochs', () => {
  const schedule: Schedule = { kind: 'step', everyEpochs: 2, factor: 0.5 };
  close(rates(schedule, [0, 19, 20, 39]), [0.8, 0.8, 0.4, 0.4]);
});

test('a cosine falls from its peak to its floor', () => {
  close(rates({ kind: 'cosine' }, [0, 20, 40]), [0.8, 0.4, 0]);
  close(rates({ kind: 'cosine', floor: 0.5 }, [0, 20, 40]), [0.8, 0.6, 0.4]);
});

test('a warm-up rises in equal steps to the peak, where the schedule begins', () => {
  close(
    rates({ kind: 'cosine', warmupSteps: 4 }, [0, 1, 3, 4, 22, 40]),
    [0.2, 0.4, 0.8, 0.8, 0.4, 0],
  );
});
