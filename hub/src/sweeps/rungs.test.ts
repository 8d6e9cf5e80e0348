import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rungsOf } from './rungs.ts';

const pairs = (...[spec, of]: Parameters<typeof rungsOf>) =>
  rungsOf(spec, of).map(({ trials, epochs }) => [trials, epochs]);

test('a grid and a random search have one round, of the whole training', () => {
  for (const method of ['grid', 'random'] as const) {
    assert.deepEqual(pairs({ method }, { trials: 7, epochs: 20 }), [[7, 20]]);
  }
});

const halvings = [
  {
    spec: {},
    trials: 9,
    epochs: 9,
    rounds: [
      [9, 1],
      [3, 3],
      [1, 9],
    ],
  },
  {
    spec: {},
    trials: 81,
    epochs: 81,
    rounds: [
      [81, 1],
      [27, 3],
      [9, 9],
      [3, 27],
      [1, 81],
    ],
  },
  {
    spec: {},
    trials: 10,
    epochs: 20,
    rounds: [
      [10, 2],
      [3, 6],
      [1, 20],
    ],
  },
  {
    spec: { eta: 2 },
    trials: 8,
    epochs: 8,
    rounds: [
      [8, 1],
      [4, 2],
      [2, 4],
      [1, 8],
    ],
  },
  {
    spec: { epochs: 4 },
    trials: 9,
    epochs: 9,
    rounds: [
      [9, 4],
      [3, 9],
    ],
  },
  {
    spec: {},
    trials: 2,
    epochs: 9,
    rounds: [
      [2, 3],
      [1, 9],
    ],
  },
  {
    spec: { epochs: 1 },
    trials: 2,
    epochs: 5,
    rounds: [
      [2, 1],
      [1, 5],
    ],
  },
  {
    spec: {},
    trials: 27,
    epochs: 4,
    rounds: [
      [27, 1],
      [9, 3],
      [3, 4],
    ],
  },
];

for (const { spec, trials, epochs, rounds } of halvings) {
  test(`halving ${trials} trials of ${epochs} epochs goes ${JSON.stringify(rounds)}`, () => {
    assert.deepEqual(pairs({ method: 'halving', ...spec }, { trials, epochs }), rounds);
  });
}

test('halving that would begin with the whole training is refused', () => {
  const begin = (epochs?: number) =>
    pairs({ method: 'halving', ...(epochs && { epochs }) }, { trials: 9, epochs: 6 });
  assert.throws(() => begin(6), /begins with 6 of the recipe's 6 epochs/);
  assert.equal(begin(5).length, 2);
});
