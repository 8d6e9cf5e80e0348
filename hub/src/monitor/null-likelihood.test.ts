import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@edgewise/models/random';
import { klDivergence } from './kl.ts';
import { nearestNull, nullLogLikelihood, referenceWeight } from './null-likelihood.ts';

/** Maximum of sum c log p over the ball by hill climbing; steps that leave it are drawn back to r. */
function climb(counts: readonly number[], reference: Float64Array, rho: number): number {
  const { normal } = createRandom(9);
  const score = (p: Float64Array) =>
    counts.reduce((sum, count, bin) => sum + count * Math.log(p[bin] ?? 0), 0);
  let best = reference;
  let value = score(best);
  let stride = 0.3;
  for (let trial = 0; trial < 6000; trial++) {
    const masses = best.map((mass) => mass * Math.exp(stride * normal()));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    const p = drawBack(
      masses.map((mass) => mass / total),
      reference,
      rho,
    );
    const next = score(p);
    stride *= next > value ? 1.4 : 0.95;
    if (next > value) {
      best = p;
      value = next;
    }
    if (stride < 1e-7) stride = 0.1;
  }
  return value;
}

function drawBack(p: Float64Array, reference: Float64Array, rho: number): Float64Array {
  const mixed = (weight: number) =>
    p.map((mass, bin) => (1 - weight) * mass + weight * (reference[bin] ?? 0));
  let low = 0;
  let high = 1;
  if (klDivergence(reference, p) <= rho) return p;
  for (let step = 0; step < 44; step++) {
    const middle = (low + high) / 2;
    if (klDivergence(reference, mixed(middle)) > rho) low = middle;
    else high = middle;
  }
  return mixed(high);
}

function randomShares(random: () => number, bins: number): Float64Array {
  const masses = Float64Array.from({ length: bins }, () => 0.05 - Math.log(1 - random()));
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  return masses.map((mass) => mass / total);
}

test('the closed form of the null agrees with a numeric optimiser to 1e-6 per sample', () => {
  const { next } = createRandom(1);
  for (let round = 0; round < 12; round++) {
    const bins = 3 + Math.floor(next() * 5);
    const reference = randomShares(next, bins);
    const counts = Array.from({ length: bins }, () => Math.floor(1 + 40 * next() ** 3));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const rho = [0.005, 0.01, 0.05, 0.3][round % 4] ?? 0.01;
    const difference = nullLogLikelihood(counts, reference, rho) - climb(counts, reference, rho);
    assert.ok(Math.abs(difference) / total < 1e-6, `round ${round}: ${difference / total}`);
  }
});

test('the most likely null lies on the edge of the ball, or is the counts themselves inside it', () => {
  const { next } = createRandom(2);
  for (let round = 0; round < 200; round++) {
    const reference = randomShares(next, 20);
    const q = randomShares(next, 20);
    const rho = 10 ** (-4 + 4 * next());
    const weight = referenceWeight(q, reference, rho);
    const divergence = klDivergence(reference, nearestNull(q, reference, rho));
    if (weight === 0) assert.ok(klDivergence(reference, q) <= rho);
    else assert.ok(Math.abs(divergence - rho) < 1e-9, `${divergence} is not ${rho}`);
  }
});

test('counts that leave bins empty have a finite null', () => {
  const reference = new Float64Array(20).fill(0.05);
  const stuck = Array.from({ length: 20 }, (_, bin) => (bin === 3 ? 100 : 0));
  const value = nullLogLikelihood(stuck, reference, 0.01);
  assert.ok(Number.isFinite(value) && value < 100 * Math.log(0.2) && value > 100 * Math.log(0.05));
  assert.equal(nullLogLikelihood(new Array(20).fill(0), reference, 0.01), 0);
});
