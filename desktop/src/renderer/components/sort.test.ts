import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worst } from './levels.ts';
import { parseSort, toggleSort } from './sort.ts';

test('a column is sorted up, down, and not at all in turn', () => {
  const up = toggleSort(undefined, 'p95');
  const down = toggleSort(parseSort(up), 'p95');
  assert.deepEqual([up, down, toggleSort(parseSort(down), 'p95')], ['p95', '-p95', undefined]);
  assert.equal(toggleSort(parseSort('-p95'), 'device'), 'device');
});

test('an address without a sort gives none', () => {
  assert.deepEqual([undefined, '', '-'].map(parseSort), [undefined, undefined, undefined]);
});

test('the worst of some levels is the one that most needs attention', () => {
  assert.equal(worst(['well', 'unknown', 'watch']), 'watch');
  assert.equal(worst([]), 'well');
});
