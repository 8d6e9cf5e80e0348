import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMask } from './mask.ts';

const mask = createMask({ input: 'mask', dims: [100, 100], ratio: 0.25 }, 1);
const drawn = (step: number, layer: number): Float32Array => mask.fill(step, layer).data.slice();

test('a mask drops the given share and keeps the expected value', () => {
  const values = drawn(0, 0);
  const dropped = values.filter((value) => value === 0).length;
  // Four standard deviations of a binomial count of 10,000 at 0.25 are 173.
  assert.ok(Math.abs(dropped - 2500) < 173, `${dropped} dropped`);
  assert.ok(values.every((value) => value === 0 || value === Math.fround(4 / 3)));
});

test('each step and layer has its own mask, and gets it again', () => {
  assert.deepEqual(drawn(3, 1), drawn(3, 1));
  assert.notDeepEqual(drawn(3, 1), drawn(4, 1));
  assert.notDeepEqual(drawn(3, 1), drawn(3, 0));
});
