import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@edgewise/models/random';
import { lowerErrorBound } from './error-bound.ts';

test('looked at after every label, the bound passes the true rate at most alpha of the time', () => {
  const { next } = createRandom(1);
  let broken = 0;
  for (let round = 0; round < 300; round++) {
    const labels = Array.from({ length: 200 }, () => next() < 0.1);
    const everAbove = [10, 20, 30, 50, 75, 100, 150, 200].some(
      (count) => lowerErrorBound(labels.slice(0, count), 0.05) > 0.1,
    );
    if (everAbove) broken += 1;
  }
  assert.ok(broken <= 15, `${broken} of 300`);
});

test('the bound comes close to a large error rate within a few hundred labels', () => {
  const { next } = createRandom(2);
  const labels = Array.from({ length: 500 }, () => next() < 0.4);
  const bound = lowerErrorBound(labels, 0.05);
  assert.ok(bound > 0.3 && bound < 0.4, `${bound}`);
});

test('no labels and no errors bound nothing', () => {
  assert.equal(lowerErrorBound([], 0.05), 0);
  assert.equal(lowerErrorBound(new Array(500).fill(false), 0.05), 0);
});
