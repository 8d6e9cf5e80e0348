import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, shuffled } from './random.ts';

test('a stream depends on its whole name and on nothing else', () => {
  const first = (...name: number[]): number => createRandom(...name).next();
  assert.equal(first(1, 2, 3), first(1, 2, 3));
  const names = [
    [1, 2, 3],
    [1, 3, 2],
    [1, 2],
    [1, 2, 4],
    [2, 2, 3],
    [1, 2, 3, 0],
  ];
  assert.equal(new Set(names.map((name) => first(...name))).size, names.length);
});

test('the generator does not change: trained weights hang on it', () => {
  const random = createRandom(1, 2, 3);
  const drawn = [random.next(), random.below(1000), random.between(-1, 1)];
  assert.deepEqual(drawn, [0.41126277041621506, 891, 0.1752383355051279]);
});

test('numbers are spread evenly', () => {
  const random = createRandom(5);
  const counts = new Int32Array(10);
  for (let draw = 0; draw < 100_000; draw++) {
    const bin = random.below(10);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  // Chi-square with 9 degrees of freedom exceeds 28 once in a thousand.
  const deviation = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  assert.ok(deviation < 28, `${counts}`);
});

test('normal numbers have mean 0, variance 1 and no skew', () => {
  const { normal } = createRandom(7);
  const drawn = Float64Array.from({ length: 100_000 }, normal);
  const moment = (power: number): number =>
    drawn.reduce((sum, value) => sum + value ** power, 0) / drawn.length;
  // Five standard errors of each moment.
  assert.ok(Math.abs(moment(1)) < 0.016);
  assert.ok(Math.abs(moment(2) - 1) < 0.023);
  assert.ok(Math.abs(moment(3)) < 0.062);
  assert.ok(Math.abs(moment(4) - 3) < 0.16);
});

test('a shuffle keeps every number once and moves them', () => {
  const order = shuffled(1000, createRandom(3));
  assert.deepEqual(
    Array.from(order.toSorted()),
    Array.from({ length: 1000 }, (_, at) => at),
  );
  const kept = order.filter((value, at) => value === at).length;
  assert.ok(kept < 10);
});
