import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accuracyOf, pairedDifference } from './interval.ts';

const row = (right: number, count: number, from = 0): Uint8Array =>
  Uint8Array.from({ length: count }, (_, at) => Number(at >= from && at < from + right));

test('one seed gives the interval of paired proportions', () => {
  // 40 images only ours answers, 20 only theirs: Agresti's b and c.
  const [b, c, n] = [40, 20, 1000];
  const { points, low, high } = pairedDifference([row(b, n)], [row(c, n, b)]);
  const half = (1.959964 * Math.sqrt(b + c - (b - c) ** 2 / n)) / n;
  assert.ok(Math.abs(points - 2) < 1e-9);
  assert.ok(Math.abs(high - points - 100 * half) < 0.01 * half * 100);
  assert.ok(Math.abs(points - low - (high - points)) < 1e-9);
});

test('a seed that says the same again narrows nothing', () => {
  const [ours, theirs] = [row(40, 1000), row(20, 1000, 40)];
  const once = pairedDifference([ours], [theirs]);
  assert.deepEqual(pairedDifference([ours, ours, ours], [theirs, theirs, theirs]), once);
});

test('equal answers differ by nothing at all', () => {
  const answers = [row(7, 10), row(8, 10)];
  assert.deepEqual(pairedDifference(answers, answers), { points: 0, low: 0, high: 0 });
  assert.ok(Math.abs(accuracyOf(answers) - 75) < 1e-9);
});
