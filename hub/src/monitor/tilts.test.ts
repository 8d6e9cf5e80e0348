import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@edgewise/models/random';
import { klDivergence } from './kl.ts';
import { normalScores, priceBets, tiltedReference, tiltGrid } from './tilts.ts';

test('no distribution inside the null wins against any bet on average', () => {
  const { next, normal } = createRandom(3);
  for (const rho of [0.01, 0.05, 2]) {
    for (let round = 0; round < 30; round++) {
      const masses = Float64Array.from({ length: 20 }, () => Math.exp(0.8 * normal()));
      const total = masses.reduce((sum, mass) => sum + mass, 0);
      const reference = masses.map((mass) => mass / total);
      const { count, bins, payoffs, weights } = priceBets(reference, rho);
      assert.ok(count > 0);
      assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-9);
      const p = insideTheBall(reference, rho, next);
      for (let bet = 0; bet < count; bet++) {
        let mean = 0;
        for (let bin = 0; bin < bins; bin++) {
          mean += (p[bin] ?? 0) * Math.exp(payoffs[bet * bins + bin] ?? 0);
        }
        assert.ok(mean <= 1 + 1e-9, `rho ${rho}, bet ${bet}: ${mean}`);
      }
    }
  }
});

/** A tilt of the reference, shrunk until it is just inside the ball: the hardest nulls there are. */
function insideTheBall(reference: Float64Array, rho: number, next: () => number): Float64Array {
  const scores = normalScores(reference);
  const sign = next() < 0.5 ? -1 : 1;
  let low = 0;
  let high = 8;
  for (let step = 0; step < 60; step++) {
    const offset = (low + high) / 2;
    const p = tiltedReference(reference, scores, { offset: sign * offset, gain: 0 });
    if (klDivergence(reference, p) <= rho) low = offset;
    else high = offset;
  }
  return tiltedReference(reference, scores, { offset: sign * low, gain: 0 });
}

test('the grid stakes everything once', () => {
  const stake = tiltGrid.reduce((sum, { weight }) => sum + weight, 0);
  assert.ok(Math.abs(stake - 1) < 1e-12);
});
