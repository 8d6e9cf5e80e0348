import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SweepSpec } from '@edgewise/protocol/http';
import { parametersOf, valueName } from './parameters.ts';

function only(parameter: SweepSpec['parameters'][string]) {
  const [found] = parametersOf({ spec: { method: 'grid', parameters: { p: parameter } } });
  assert.ok(found);
  return found;
}

test('a range lies on a scale, by its magnitude where it is drawn so', () => {
  assert.equal(only({ low: 0.001, high: 1, scale: 'log' }).spread, 'powers');
  const even = only({ low: 0, high: 1 });
  assert.deepEqual([even.spread, even.place(0.25), even.place('x')], ['linear', 0.25, undefined]);
});

test('a few values stand side by side in their order, many numbers lie on a scale', () => {
  const few = only({ values: [64, 32, 128] });
  assert.deepEqual(few.spread, ['64', '32', '128']);
  assert.deepEqual([few.place(32), few.place(16)], [1, undefined]);
  assert.equal(only({ values: [1, 2, 3, 4, 5, 6, 7] }).spread, 'linear');
  assert.equal(only({ values: [1, 2, 4, 8, 16, 32, 64] }).spread, 'powers');
  assert.ok(Array.isArray(only({ values: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] }).spread));
});

test('whole optimizers are named by their fields and found by their content', () => {
  const sgd = { kind: 'sgd', rate: 0.05, momentum: 0.9 };
  assert.equal(valueName(sgd), 'sgd, rate 0.05, momentum 0.9');
  const optimizers = only({ values: [{ kind: 'adam', rate: 0.001 }, sgd] });
  assert.equal(optimizers.place(structuredClone(sgd)), 1);
  assert.deepEqual(
    [valueName('relu'), valueName([3, 3]), valueName(null)],
    ['relu', '[3,3]', 'null'],
  );
});

test('columns of numbers sort by size, all others by name', () => {
  const numbers = only({ values: [9, 10, 100] });
  assert.ok(numbers.sortBy(9) < numbers.sortBy(10));
  const mixed = only({ values: [10, 'none'] });
  assert.deepEqual([mixed.sortBy(10), mixed.sortBy('none')], ['10', 'none']);
});
