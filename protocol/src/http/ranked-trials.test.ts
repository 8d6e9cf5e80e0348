import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rankedTrials } from './ranked-trials.ts';
import type { Trial } from './sweeps.ts';

const aTrial = (number: number, results: Trial['results']): Trial => ({
  ...{ number, parameters: {}, recipe: '', status: 'paused', progress: 0, error: null, results },
});

test('of equal accuracy the lower loss is better, then the earlier trial', () => {
  const level = (number: number, loss: number) =>
    aTrial(number, [{ epochs: 1, accuracy: 0.5, loss }]);
  const better = aTrial(4, [{ epochs: 1, accuracy: 0.9, loss: 0.4 }]);
  const order = rankedTrials([level(1, 0.3), level(2, 0.1), aTrial(5, []), level(3, 0.1), better]);
  assert.deepEqual(
    order.map(({ number }) => number),
    [4, 2, 3, 1, 5],
  );
});

test('a trial that went further comes before one that was better earlier', () => {
  const early = aTrial(1, [{ epochs: 1, accuracy: 0.9, loss: 0.3 }]);
  const later = aTrial(2, [
    { epochs: 1, accuracy: 0.7, loss: 0.8 },
    { epochs: 3, accuracy: 0.8, loss: 0.6 },
  ]);
  assert.equal(rankedTrials([early, later])[0], later);
});
