import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createRandom } from '../random/random.ts';
import { tensor } from '../tensor/tensor.ts';
import { symmetricEigen } from './eigen.ts';
import { fitPrincipalComponents } from './principal-components.ts';

/** n samples whose first values vary with the given spreads, mixed by a rotation of neighbours. */
function samples(n: number, spreads: readonly number[]) {
  const random = createRandom(7, spreads.length);
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const data = new Float32Array(n * spreads.length);
  for (let row = 0; row < n; row++) {
    const values = spreads.map((spread) => spread * normal());
    values.forEach((value, column) => {
      const next = values[(column + 1) % values.length] ?? 0;
      data[row * values.length + column] = 5 + 0.8 * value - 0.6 * next;
    });
  }
  return tensor('float32', [n, spreads.length], data);
}

test('the eigenpairs of a symmetric matrix give it back', () => {
  const matrix = Float64Array.of(4, 1, -2, 1, 3, 0.5, -2, 0.5, 6);
  const pairs = symmetricEigen(matrix, 3);
  const again = new Float64Array(9);
  for (const { value, vector } of pairs) {
    for (let i = 0; i < 9; i++) {
      again[i] = (again[i] ?? 0) + value * (vector[Math.floor(i / 3)] ?? 0) * (vector[i % 3] ?? 0);
    }
  }
  again.forEach((entry, index) => {
    assert.ok(Math.abs(entry - (matrix[index] ?? 0)) < 1e-12);
  });
  assert.deepEqual(
    [...pairs].sort((a, b) => b.value - a.value),
    pairs,
  );
});

test('whitened components have mean 0, variance 1 and no correlation', () => {
  const x = samples(4000, [9, 7, 5, 3, 2, 1, 0.5, 0.1]);
  const { mean, weights, components, explained } = fitPrincipalComponents(x, { components: 3 });
  assert.equal(components, 3);
  assert.deepEqual(
    [...explained].sort((a, b) => b - a),
    explained,
  );
  const moments = new Float64Array(9);
  for (let row = 0; row < 4000; row++) {
    const scores = [0, 1, 2].map((column) =>
      mean.reduce(
        (sum, center, at) =>
          sum + ((x.data[row * 8 + at] ?? 0) - center) * (weights[at * 3 + column] ?? 0),
        0,
      ),
    );
    for (let i = 0; i < 9; i++) {
      moments[i] =
        (moments[i] ?? 0) + ((scores[Math.floor(i / 3)] ?? 0) * (scores[i % 3] ?? 0)) / 4000;
    }
  }
  moments.forEach((moment, index) => {
    assert.ok(Math.abs(moment - (index % 4 === 0 ? 1 : 0)) < 1e-3, `moment ${index}: ${moment}`);
  });
});

test('directions without variance are left out', () => {
  const x = samples(500, [3, 0, 0, 0]);
  assert.equal(fitPrincipalComponents(x, { components: 3 }).components, 1);
  const still = tensor('float32', [10, 2], new Float32Array(20).fill(4));
  assert.equal(fitPrincipalComponents(still, { components: 2 }).components, 0);
});

test('the same samples give the same components, and one sample is too few', () => {
  const x = samples(300, [3, 2, 1]);
  const options = { components: 2 };
  assert.deepEqual(fitPrincipalComponents(x, options), fitPrincipalComponents(x, options));
  assert.throws(
    () => fitPrincipalComponents(tensor('float32', [1, 3], new Float32Array(3)), options),
    (thrown) => thrown instanceof FleetError && thrown.code === 'insufficient-data',
  );
});
