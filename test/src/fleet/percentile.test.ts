import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile } from './percentile.ts';

test('a share of the numbers lies below a percentile, in whatever order they come', () => {
  const numbers = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(numbers, 0.5), 51);
  assert.equal(percentile(numbers, 0.99), 100);
  assert.equal(percentile([7], 0.99), 7);
  assert.equal(percentile([], 0.5), Number.NaN);
});
