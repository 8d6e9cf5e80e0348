import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEpochTeller } from './epoch-metrics.ts';

const end = (epoch: number, loss: number, accuracy: number) => ({
  ...{ epoch, loss: 1, accuracy: 0.5, learningRate: 0.1 },
  validation: { loss, accuracy },
});

test('the end of an epoch tells both losses, both accuracies and how many epochs are done', () => {
  assert.deepEqual(createEpochTeller({})(end(0, 0.4, 0.9), { step: 30, epoch: 1 }), {
    ...{ step: 30, epoch: 1, loss: 1, trainingAccuracy: 0.5, accuracy: 0.9 },
    ...{ validationLoss: 0.4, best: true },
  });
});

test('an epoch is the best until then by what the recipe monitors, the earlier of equals', () => {
  const ends = [end(0, 0.4, 0.9), end(1, 0.3, 0.8), end(2, 0.3, 0.95)];
  const bestOf = (recipe: Parameters<typeof createEpochTeller>[0]) => {
    const tell = createEpochTeller(recipe);
    return ends.map((each) => tell(each, { step: 0, epoch: 0 }).best === true);
  };
  assert.deepEqual(bestOf({}), [true, true, false]);
  assert.deepEqual(bestOf({ monitor: 'accuracy' }), [true, false, true]);
});

test('without validation no epoch is the best', () => {
  const { validation: _, ...blind } = end(0, 0.4, 0.9);
  assert.equal('best' in createEpochTeller({})(blind, { step: 30, epoch: 1 }), false);
});
