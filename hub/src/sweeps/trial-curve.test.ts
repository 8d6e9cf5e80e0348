import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Metric } from '@edgewise/protocol/http';
import { mostPoints, withEpoch } from './trial-curve.ts';

const end = (epoch: number, loss = 1 / epoch): Metric => ({ step: epoch * 10, epoch, loss });

test('an epoch that is told again replaces the one before', () => {
  const curve = [end(1), end(2), end(3)];
  assert.deepEqual(withEpoch(curve, end(2, 9)), [end(1), end(2, 9), end(3)]);
});

test('a long curve keeps its first and its last epoch and stays short', () => {
  let curve: readonly Metric[] = [];
  for (let epoch = 1; epoch <= 2000; epoch++) {
    curve = withEpoch(curve, end(epoch));
    assert.equal(curve.at(-1)?.epoch, epoch);
    assert.ok(curve.length <= mostPoints);
  }
  assert.ok(curve.length > mostPoints / 2);
  assert.equal(curve[0]?.epoch, 1);
});
