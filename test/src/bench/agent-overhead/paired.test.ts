import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@edgewise/models/random';
import { differences, median, timeInTurn, trimmedMean } from './paired.ts';

test('every way is done equally often, and each first in turn', async () => {
  let done = '';
  const say = (letter: string) => () => {
    done += letter;
    return Promise.resolve();
  };
  const turns = { rounds: 3, warmUp: 1, burst: 2, settle: 1 };
  const times = await timeInTurn([say('a'), say('b'), say('c')], turns);
  assert.equal(done, 'aaabbbcccbbbcccaaacccaaabbbaaabbbccc');
  assert.deepEqual(
    times.map(({ length }) => length),
    [3, 3, 3],
  );
});

test('the interval of the median holds the true one about 95 times of 100', () => {
  const { normal } = createRandom(5);
  let held = 0;
  for (let run = 0; run < 400; run++) {
    const { low, high } = median(Array.from({ length: 101 }, () => normal() ** 3 + 7));
    if (low <= 7 && high >= 7) held++;
  }
  assert.ok(held > 365 && held < 395, String(held));
});

test('one long pause moves neither figure', () => {
  const [quick, slow] = [new Array<number>(20).fill(1), new Array<number>(20).fill(3)];
  const paused = [...slow.slice(1), 900];
  assert.equal(median(differences(paused, quick)).value, 2);
  assert.equal(trimmedMean(differences(paused, quick)), 2);
});
