import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createRandom } from '../../random/random.ts';
import { createHistogram } from './histogram.ts';
import { type Observations, type RangeRule, rangesBy } from './methods.ts';
import type { Range } from './ranges.ts';

test('minmax is what was seen', () => {
  assert.deepEqual(rangeOf(outliers(), { method: 'minmax' }), { min: -15, max: 25 });
});

test('a symmetric minmax has zero in the middle', () => {
  const rule = { method: 'minmax', symmetric: true } as const;
  assert.deepEqual(rangeOf(outliers(), rule), { min: -25, max: 25 });
});

test('a percentile keeps the share it names and cuts both ends alike', () => {
  const data = Float32Array.from({ length: 100_001 }, (_, at) => at / 50_000 - 1);
  const { min, max } = rangeOf(data, { method: 'percentile', percentile: 90 });
  assert.ok(Math.abs(min + 0.9) < 1e-4 && Math.abs(max - 0.9) < 1e-4, `${min} ${max}`);
});

test('a symmetric percentile keeps the share of magnitudes', () => {
  const data = Float32Array.from({ length: 100_001 }, (_, at) => at / 50_000 - 0.5);
  const { min, max } = rangeOf(data, { method: 'percentile', percentile: 75, symmetric: true });
  assert.ok(Math.abs(max - 1) < 2e-3 && min === -max, `${min} ${max}`);
});

test('a percentile never cuts beyond zero', () => {
  const data = Float32Array.from({ length: 1000 }, (_, at) => 1 + at / 1000);
  const { min, max } = rangeOf(data, { method: 'percentile', percentile: 0.1 });
  assert.equal(min, 0);
  assert.ok(max > 1 && max < 2);
});

for (const method of ['mse', 'entropy'] as const) {
  test(`${method} cuts off rare outliers`, () => {
    const { min, max } = rangeOf(outliers(), { method });
    assert.ok(min > -9 && min < -2 && max > 2 && max < 15, `${min} ${max}`);
  });

  test(`${method} leaves evenly spread numbers nearly whole`, () => {
    const data = Float32Array.from({ length: 200_000 }, (_, at) => at / 100_000 - 1);
    const { min, max } = rangeOf(data, { method });
    assert.ok(min <= -0.97 && max >= 0.97, `${min} ${max}`);
  });

  test(`${method} keeps zero in the middle where asked to`, () => {
    const { min, max } = rangeOf(outliers(), { method, symmetric: true });
    assert.ok(min === -max && max < 15, `${min} ${max}`);
  });

  test(`${method} of numbers that are never negative starts at zero`, () => {
    const { min, max } = rangeOf(outliers().map(Math.abs), { method });
    assert.ok(min === 0 && max < 18, `${min} ${max}`);
  });

  test(`${method} leaves a constant as it is`, () => {
    assert.deepEqual(rangeOf(new Float32Array(9), { method }), { min: 0, max: 0 });
    const three = new Float32Array(9).fill(3);
    const { min, max } = rangeOf(three, { method });
    assert.ok(max > 2.9 && min <= 3, `${min} ${max}`);
  });
}

test('mse finds the range of least squared error that a finer search finds', () => {
  const data = outliers().subarray(0, 50_000);
  const found = squaredErrorOf(data, rangeOf(data, { method: 'mse' }));
  let least = Number.POSITIVE_INFINITY;
  for (let low = -10; low <= -4; low += 0.5) {
    for (let high = 4; high <= 15; high += 0.5) {
      least = Math.min(least, squaredErrorOf(data, { min: low, max: high }));
    }
  }
  assert.ok(found <= 1.03 * least, `${found} against ${least}`);
});

test('entropy does not cut a distribution down to resolve a number that most values share', () => {
  const { normal } = createRandom(4);
  // What a filter gives for a flat background, and what a gate gives for most inputs.
  const data = Float32Array.from({ length: 200_000 }, (_, at) => (at % 5 < 3 ? 0.137 : normal()));
  const { min, max } = rangeOf(data, { method: 'entropy' });
  assert.ok(min < -2.5 && max > 2.5, `${min} ${max}`);
});

test('entropy costs no more squared error than minmax, however uneven the data', () => {
  const { normal } = createRandom(6);
  const narrow = Float32Array.from({ length: 200_000 }, (_, at) =>
    at % 5 < 3 ? 0.137 + normal() / 200 : normal(),
  );
  const skewed = narrow.map((value) => value ** 4);
  for (const data of [narrow, skewed, outliers().subarray(0, 200_000)]) {
    for (const symmetric of [false, true]) {
      const widest = squaredErrorOf(data, rangeOf(data, { method: 'minmax', symmetric }));
      const found = squaredErrorOf(data, rangeOf(data, { method: 'entropy', symmetric }));
      // Bins are a little coarser than numbers.
      assert.ok(found < 1.05 * widest, `${found} against ${widest}`);
    }
  }
});

test('an impossible percentile is refused', () => {
  for (const percentile of [0, -1, 100.5, Number.NaN]) {
    assert.throws(
      () => rangeOf(outliers(), { method: 'percentile', percentile }),
      (error) => error instanceof FleetError && error.code === 'invalid-argument',
    );
  }
});

/** Normal numbers, and two that are far off. */
function outliers(): Float32Array {
  const { normal } = createRandom(3);
  const data = Float32Array.from({ length: 400_000 }, normal);
  data[7] = 25;
  data[8] = -15;
  return data;
}

function rangeOf(data: Float32Array, rule: RangeRule): Range {
  const range = {
    min: data.reduce((least, value) => Math.min(least, value), Infinity),
    max: data.reduce((most, value) => Math.max(most, value), -Infinity),
  };
  const draft = createHistogram(range);
  draft.add(data);
  const seen: Observations = {
    ranges: new Map([['x', range]]),
    histograms: new Map([['x', draft.result()]]),
  };
  return rangesBy(seen, rule).get('x') as Range;
}

function squaredErrorOf(data: Float32Array, { min, max }: Range): number {
  const scale = (max - min) / 255;
  const least = Math.round(min / scale);
  return data.reduce((sum, value) => {
    const integer = Math.min(Math.max(Math.round(value / scale), least), least + 255);
    return sum + (integer * scale - value) ** 2;
  }, 0);
}
