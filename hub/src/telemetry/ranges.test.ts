import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countOf, gapsOf, includes, type Ranges, withRange } from './ranges.ts';
import { watermarkOf } from './watermark.ts';

const numbers = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 });
const rangesOf = (values: readonly number[]) =>
  values.reduce<Ranges>((ranges, value) => withRange(ranges, value, value), []);

test('ranges hold exactly the numbers that were added, in any order', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const ranges = rangesOf(values);
      for (let value = 1; value <= 60; value++)
        assert.equal(includes(ranges, value), values.includes(value));
      assert.equal(countOf(ranges), new Set(values).size);
      for (const [index, [first]] of ranges.entries())
        assert.ok(index === 0 || first > (ranges[index - 1]?.[1] ?? 0) + 1);
    }),
  );
});

test('gaps and ranges together fill everything up to the highest number', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const ranges = rangesOf(values);
      assert.equal(countOf(ranges) + countOf(gapsOf(ranges)), ranges.at(-1)?.[1] ?? 0);
    }),
  );
});

test('a watermark covers what came and what was dropped, and nothing else', () => {
  fc.assert(
    fc.property(numbers, numbers, (came, dropped) => {
      const { sequence, gaps } = watermarkOf(7, rangesOf(came), rangesOf(dropped));
      for (let value = 1; value <= sequence; value++) {
        const covered = !gaps.some(([first, last]) => first <= value && value <= last);
        assert.equal(covered, came.includes(value) || dropped.includes(value));
      }
    }),
  );
});

test('a watermark that cannot name all gaps ends before the first it leaves out', () => {
  const odd = rangesOf(Array.from({ length: 50 }, (_, index) => 2 * index + 2));
  const { sequence, gaps } = watermarkOf(1, odd, []);
  assert.equal(gaps.length, 32);
  assert.equal(sequence, 64);
});
