import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logDirichletMarginal } from './dirichlet.ts';
import { logGamma } from './log-gamma.ts';
import { chiSquareQuantile, normalCdf, normalQuantile } from './normal.ts';

function near(actual: number, expected: number, tolerance: number) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not near ${expected}`);
}

test('the normal distribution agrees with tables from the middle to the far tail', () => {
  near(normalCdf(0), 0.5, 1e-15);
  near(normalCdf(1.959963984540054), 0.975, 1e-12);
  near(normalCdf(-6) / 9.865876450376946e-10, 1, 1e-9);
  near(normalQuantile(0.975), 1.959963984540054, 1e-10);
  near(normalQuantile(1e-9), -5.997807015007687, 1e-8);
  for (const p of [1e-12, 1e-4, 0.3, 0.5, 0.7, 0.9999])
    near(normalCdf(normalQuantile(p)), p, 1e-12);
});

test('chi-square quantiles agree with tables to half a percent', () => {
  near(chiSquareQuantile(19, 0.999) / 43.8202, 1, 0.005);
  near(chiSquareQuantile(19, 0.95) / 30.1435, 1, 0.005);
});

test('log gamma agrees with factorials and the half-integers', () => {
  near(logGamma(1), 0, 1e-10);
  near(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-10);
  near(logGamma(11), Math.log(3628800), 1e-10);
});

test('the Dirichlet marginal is the product of its one-step predictions', () => {
  const counts = [3, 0, 1, 2];
  const sofar = [0, 0, 0, 0];
  let product = 0;
  let seen = 0;
  for (const [bin, count] of counts.entries()) {
    for (let repeat = 0; repeat < count; repeat++) {
      product += Math.log(((sofar[bin] ?? 0) + 0.5) / (seen + 2));
      sofar[bin] = (sofar[bin] ?? 0) + 1;
      seen += 1;
    }
  }
  near(logDirichletMarginal(counts), product, 1e-10);
});
