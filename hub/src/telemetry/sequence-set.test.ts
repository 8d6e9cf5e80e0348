import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addRange,
  gapsOf,
  includes,
  type SequenceSet,
  sizeOf,
  unite,
  watermarkOf,
} from './sequence-set.ts';

const numbers = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 120 });
const setOf = (values: readonly number[]) =>
  values.reduce<SequenceSet>((set, value) => addRange(set, value, value), []);

test('numbers in any order, twice or not, make the same set', () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const set = setOf(values);
      const unique = [...new Set(values)].sort((a, b) => a - b);
      assert.equal(sizeOf(set), unique.length);
      for (let value = 1; value <= 200; value++) {
        assert.equal(includes(set, value), unique.includes(value));
      }
      for (const [index, [first]] of set.entries()) {
        assert.ok(index === 0 || first > (set[index - 1]?.[1] ?? 0) + 1);
      }
    }),
    { numRuns: 100, seed: 1 },
  );
});

test('a watermark covers exactly what is durable, however many gaps there are', () => {
  fc.assert(
    fc.property(numbers, numbers, (received, dropped) => {
      const durable = unite(setOf(received), setOf(dropped));
      const { sequence, gaps } = watermarkOf(7, durable);
      assert.ok(gaps.length <= 32);
      for (let value = 1; value <= 200; value++) {
        const covered =
          value <= sequence && !gaps.some(([first, last]) => value >= first && value <= last);
        if (covered) assert.ok(includes(durable, value), `${value} is covered and missing`);
        if (value <= sequence && includes(durable, value)) assert.ok(covered);
      }
      if (gapsOf(durable).length <= 32) assert.equal(sequence, durable.at(-1)?.[1] ?? 0);
    }),
    { numRuns: 200, seed: 2 },
  );
});

test('with more gaps than fit, the watermark stops before the next one', () => {
  const odd = setOf(Array.from({ length: 100 }, (_, index) => 2 * index + 2));
  const { sequence, gaps } = watermarkOf(1, odd);
  assert.equal(gaps.length, 32);
  assert.equal(sequence, 64);
});
