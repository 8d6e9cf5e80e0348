import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@edgewise/models/random';
import { differences, median, timePairs, trimmedMean } from './paired.ts';

test('both ways are done equally often, each first every other time', async () => {
  let done = '';
  const say = (letter: string) => () => {
    done += letter;
    return Promise.resolve();
  };
  const pairs = await timePairs(say('a'), say('b'), { pairs: 3, warmUp: 1 });
  assert.equal(done, 'baabbaab');
  assert.deepEqual([pairs.first.length, pairs.second.length], [3, 3]);
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
  const steady = { first: new Array(20).fill(1), second: new Array(20).fill(3) };
  const paused = { ...steady, second: [...steady.second.slice(1), 900] };
  assert.equal(median(differences(paused)).value, 2);
  assert.equal(trimmedMean(differences(paused)), 2);
});
