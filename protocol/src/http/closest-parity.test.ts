import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closestOf, closestParity } from './closest-parity.ts';

const certificate = { vectors: 12, topAgreement: 1, largestDeviation: 2, allowed: 4, output: 'y' };

test('the mean of deviations decides where it is closer to its limit than the largest', () => {
  const close = closestParity({ ...certificate, rms: 0.75, allowedRms: 1 });
  assert.deepEqual(close, {
    ...{ measure: 'rms', deviation: 0.75, allowed: 1, output: 'y', part: 0.75 },
  });
  assert.equal(closestParity({ ...certificate, rms: 0.25, allowedRms: 1 }).measure, 'largest');
});

test('of several certificates the one closest to a limit is told', () => {
  const refused = { ...certificate, rms: 2, allowedRms: 1 };
  assert.equal(closestOf([certificate, refused, certificate])?.part, 2);
  assert.equal(closestOf([]), undefined);
});

test('a certificate without limits, and one without deviation, have their place', () => {
  const { allowed: _, ...older } = certificate;
  assert.deepEqual(closestParity(older).allowed, undefined);
  assert.equal(closestParity({ ...certificate, largestDeviation: 0, allowed: 0 }).part, 0);
});
