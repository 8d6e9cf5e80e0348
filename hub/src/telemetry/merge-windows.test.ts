import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PackedWindow } from '@edgewise/protocol';
import { mergeWindows } from './merge-windows.ts';

/** A window of one feature whose inputs had these values; NaN is counted apart. */
function windowOf(...values: readonly number[]): PackedWindow {
  const counts = new Uint32Array(24);
  for (const value of values) {
    const cell = Number.isNaN(value) ? 22 : Math.floor(value) + 10;
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  const numbers = values.filter((value) => !Number.isNaN(value));
  const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
  return {
    ...{ epoch: 1, sequence: 1, bins: '11'.repeat(8), reference: '22'.repeat(8) },
    ...{ startMs: 1000, spanMs: 10, seen: values.length, n: values.length, classes: 2 },
    features: [
      {
        counts,
        ...{ sumZ: sum(numbers), sumZ2: sum(numbers.map((value) => value ** 2)), sumLag: 0 },
        minZ: numbers.length > 0 ? Math.min(...numbers) : 0,
        maxZ: numbers.length > 0 ? Math.max(...numbers) : 0,
      },
    ],
    predictions: new Map([[values.length, 1]]),
    latency: new Map([[40, values.length]]),
  };
}

test('windows merge as if they had been counted together, whatever the order', () => {
  const whole = windowOf(1, 3, 5);
  for (const parts of [
    [windowOf(1), windowOf(3, 5)],
    [windowOf(3, 5), windowOf(1)],
  ]) {
    const merged = mergeWindows(parts);
    assert.deepEqual(merged.features, whole.features);
    assert.deepEqual([merged.n, merged.seen, merged.spanMs, merged.startMs], [3, 3, 20, 1000]);
    assert.deepEqual(merged.latency, new Map([[40, 3]]));
  }
});

test('the range is that of what was counted: a window of nothing but NaN has none', () => {
  for (const parts of [
    [windowOf(Number.NaN), windowOf(4, 6)],
    [windowOf(4, 6), windowOf(Number.NaN)],
  ]) {
    const [feature] = mergeWindows(parts).features;
    assert.deepEqual([feature?.minZ, feature?.maxZ], [4, 6]);
  }
});
