import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benches } from './benches.ts';
import { tableOf } from './print.ts';
import { atLeast, atMost, printed, timesReference } from './result.ts';

test('a bound holds up to its very value', () => {
  const unit = 'ms';
  assert.equal(atMost('a', { value: 5, unit, bound: 5 }).holds, true);
  assert.equal(atMost('a', { value: 5.01, unit, bound: 5 }).holds, false);
  assert.equal(atLeast('a', { value: 5, unit, bound: 5 }).holds, true);
  assert.equal(atLeast('a', { value: 4.99, unit, bound: 5 }).holds, false);
});

test('a ratio is that of value and reference, and may carry the bound', () => {
  const fast = timesReference('a', { value: 600, unit: 'images/s', bound: 50, reference: 6 });
  assert.deepEqual([fast.ratio, fast.holds], [100, true]);
  assert.equal(timesReference('a', { ...fast, bound: 101, reference: 6 }).holds, false);
  assert.deepEqual(printed('b', 3, 'bytes'), {
    ...{ name: 'b', value: 3, unit: 'bytes', reference: null, ratio: null },
    ...{ bound: null, holds: true },
  });
});

test('the table says what fails', () => {
  const table = tableOf([
    atMost('quick', { value: 1, unit: 'ms', bound: 5 }),
    atMost('slow', { value: 7.12345, unit: 'ms', bound: 5, reference: 2 }),
    printed('only so', 3, 'ms'),
  ]);
  const [quick, slow, printedOnly] = table.split('\n');
  assert.match(quick ?? '', /^ok +quick +1 ms +bound <= 5$/);
  assert.match(slow ?? '', /^FAILS +slow +7\.123 ms +bound <= 5, reference 2 \(ratio 3\.562\)$/);
  assert.match(printedOnly ?? '', /^ +only so +3 ms$/);
});

test('every bench has a name of its own and can be loaded', async () => {
  assert.equal(new Set(benches.map(({ name }) => name)).size, benches.length);
  for (const { load } of benches) assert.equal(typeof (await load()), 'function');
});
