import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import fc from 'fast-check';
import { tensor } from '../tensor/tensor.ts';
import { cellOf, confidenceBinOf, type FeatureBins, latencyBucketOf } from './bins.ts';
import { fitBins } from './fit-bins.ts';

function binsOf(values: readonly number[]): FeatureBins {
  const column = tensor('float32', [values.length, 1], Float32Array.from(values));
  const [feature] = fitBins(column, ['f'], { classes: 0 }).features;
  assert.ok(feature !== undefined);
  return feature;
}

/** How many of the values fall into each of the 24 cells. */
function counted(feature: FeatureBins, values: readonly number[]): number[] {
  const counts = new Array<number>(24).fill(0);
  for (const value of Float32Array.from(values)) {
    const cell = cellOf(feature, value);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return counts;
}

const rises = (edges: readonly number[]): boolean =>
  edges.every((edge, index) => index === 0 || edge > (edges[index - 1] ?? Infinity));

test('distinct values fill 20 bins equally', () => {
  const values = Array.from({ length: 2000 }, (_, index) => Math.sin(index) * 1e3);
  assert.deepEqual(counted(binsOf(values), values), [...new Array(20).fill(100), 0, 0, 0, 0]);
});

test('a frequent value takes one bin and the others share the rest', () => {
  for (const frequent of [0, 500, 999]) {
    const rest = Array.from({ length: 1000 }, (_, index) => index).filter((v) => v !== frequent);
    const values = [...rest, ...new Array(1001).fill(frequent)];
    const counts = counted(binsOf(values), values).slice(0, 20);
    assert.deepEqual([...counts].sort((a, b) => b - a)[0], 1001);
    const others = counts.filter((count) => count !== 1001);
    assert.ok(Math.min(...others) >= 20 && Math.max(...others) <= 60, others.join());
  }
});

test('few distinct values have a bin each and leave the others empty', () => {
  const values = [0, 1, 2].flatMap((value) => new Array<number>(10).fill(value));
  const feature = binsOf(values);
  assert.deepEqual(counted(feature, values).slice(0, 4), [10, 10, 10, 0]);
  assert.ok(rises(feature.edges));
});

test('a feature that never moved has a bin, and any move is seen', () => {
  for (const constant of [0, 7, -3e30]) {
    const feature = binsOf(new Array<number>(50).fill(constant));
    assert.ok(rises(feature.edges));
    assert.equal(feature.sd, 1);
    assert.equal(counted(feature, [constant])[0], 1);
    assert.equal(counted(feature, [constant - 1 - Math.abs(constant)])[20], 1);
    assert.equal(counted(feature, [constant + 1 + Math.abs(constant)])[0], 0);
  }
});

test('for any column the edges rise and every value of it has a bin', () => {
  const value = fc.oneof(
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -3, max: 3 }),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
      const feature = binsOf(values);
      assert.equal(feature.edges.length, 19);
      assert.ok(rises(feature.edges), feature.edges.join());
      const counts = counted(feature, values);
      assert.equal(
        counts.slice(0, 20).reduce((sum, count) => sum + count, 0),
        values.length,
      );
    }),
  );
});

test('values that are no numbers do not shape the bins; a column without numbers is refused', () => {
  const values = [NaN, 1, Infinity, 2, -Infinity];
  const feature = binsOf(values);
  assert.deepEqual([feature.low, feature.mean], [1, 1.5]);
  const counts = counted(feature, values);
  assert.deepEqual(counts.slice(20), [1, 1, 1, 0]);
  assert.throws(
    () => binsOf([NaN]),
    (thrown) => thrown instanceof FleetError && thrown.code === 'insufficient-data',
  );
});

test('confidence and latency have the bins of the packed window', () => {
  assert.deepEqual([0, 0.049, 0.05, 0.999, 1, NaN].map(confidenceBinOf), [0, 0, 1, 19, 19, 0]);
  assert.deepEqual([0, 1, 2, 1000, 1e30].map(latencyBucketOf), [0, 0, 4, 39, 255]);
});
