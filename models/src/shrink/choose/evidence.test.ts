import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../random/random.ts';
import { isEvidentlyLess } from './evidence.ts';

/** Pairs whose costs differ by `gain` on average, under noise that both share and noise of their own. */
function pairs(count: number, gain: number, seed: number) {
  const { normal } = createRandom(seed);
  const shared = Float64Array.from({ length: count }, () => 10 * normal() ** 2);
  return [shared.map((cost) => cost - gain + normal()), shared] as const;
}

/** In how many of 4,000 experiments there was evidence. */
function found(count: number, gain: number): number {
  let evident = 0;
  for (let seed = 0; seed < 4000; seed++) {
    if (isEvidentlyLess(...pairs(count, gain, seed))) evident++;
  }
  return evident;
}

for (const count of [4, 8, 100]) {
  test(`of ${count} samples that differ by chance less than one comparison in a hundred errs`, () => {
    const evident = found(count, 0);
    assert.ok(evident > 4 && evident < 40, `${evident} of 4,000`);
  });
}

test('a difference that the samples share is seen, however much they vary', () => {
  assert.ok(found(100, 0.5) > 3900);
  assert.ok(found(8, 3) > 3900);
});

test('few samples and equal samples are no evidence', () => {
  const costs = Float64Array.of(1, 2, 3, 4);
  assert.equal(isEvidentlyLess(Float64Array.of(1, 1, 1), Float64Array.of(2, 2, 2)), false);
  assert.equal(isEvidentlyLess(costs, costs), false);
  assert.equal(
    isEvidentlyLess(
      costs,
      costs.map((cost) => cost + 1),
    ),
    true,
  );
});
