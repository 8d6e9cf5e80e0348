import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noNumber } from '@edgewise/protocol/http';
import {
  formatAccuracy,
  formatAgo,
  formatBytes,
  formatCount,
  formatDeviation,
  formatEvidence,
  formatLatency,
  formatNumber,
  formatPoints,
  formatShare,
  formatSpan,
  none,
  shortDigest,
} from './format.ts';

test('a value that is not there is a dash, never a zero', () => {
  for (const format of [
    formatCount,
    formatEvidence,
    formatNumber,
    formatShare,
    formatAccuracy,
    formatPoints,
    formatBytes,
    formatLatency,
    formatSpan,
  ]) {
    assert.equal(format(null), none);
    assert.equal(format(undefined), none);
    assert.equal(format(Number.NaN), none);
  }
});

test('latencies are in milliseconds with as many digits as they deserve', () => {
  assert.deepEqual([0, 310, 5_340, 123_400, 2_500_000].map(formatLatency), [
    '0 ms',
    '0.31 ms',
    '5.3 ms',
    '123 ms',
    '2.5 s',
  ]);
});

test('sizes take the unit that keeps them short', () => {
  assert.deepEqual([0, 999, 1_000, 94_321, 410_212, 999_999_999].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '94.3 kB',
    '410 kB',
    '1.0 GB',
  ]);
});

test('differences carry their sign, with a true minus', () => {
  assert.deepEqual([0.0021, -0.0011, 0, -0.000001].map(formatPoints), [
    '+0.21',
    '−0.11',
    '0.00',
    '0.00',
  ]);
});

test('spans and ages take their largest unit', () => {
  assert.deepEqual([800, 45_000, 600_000, 10_800_000, 259_200_000].map(formatSpan), [
    '800 ms',
    '45 s',
    '10 min',
    '3 h',
    '3 d',
  ]);
  assert.equal(formatAgo(0, 30_000), '30s ago');
  assert.equal(formatAgo(0, 7_200_000), '2h ago');
});

test('evidence is shown as M, however small or large its logarithm', () => {
  assert.deepEqual([-40, 0, Math.log(40_100), 2_000].map(formatEvidence), [
    '< 0.1',
    '1',
    '40.1K',
    '10⁸⁶⁸',
  ]);
  assert.equal(formatEvidence(null), none);
});

test('a number near zero keeps its digits', () => {
  assert.deepEqual(
    [0, 0.0000079, 0.0005516, 0.42, -1.234].map((value) => formatNumber(value)),
    ['0', '7.9E-6', '0.000552', '0.42', '-1.23'],
  );
});

test('a digest is cut short, any other name is not', () => {
  assert.equal(shortDigest('ab'.repeat(32)), 'ababababab');
  assert.equal(shortDigest('rollout-001c22240c'), 'rollout-001c22240c');
});

test('a deviation that is no number is told as such', () => {
  assert.equal(formatDeviation(0.25), '0.25');
  assert.equal(formatDeviation(noNumber), 'no number');
});
