import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  type ByteType,
  fittingWeightScale,
  gridOf,
  limits,
  paramsFor,
  quantizeBias,
  quantizeNumber,
  roundHalfEven,
} from './formulas.ts';

/** Results of onnxruntime.quantization; see fixtures/quantize/generate-formulas.py. */
interface Fixture {
  readonly params: readonly [ByteType, min: number, max: number, scale: number, zero: number][];
  readonly numbers: readonly [value: number, scale: number, zero: number, quantized: number][];
  readonly weightScales: readonly [
    weightScale: number,
    inputScale: number,
    bias: number,
    perChannel: number,
    perTensor: number,
  ][];
}
const file = new URL('../../../fixtures/quantize/formulas.json', import.meta.url);
const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture;

test('ties go to the even integer', () => {
  const rounded = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.6].map(roundHalfEven);
  assert.deepEqual(
    rounded.map((n) => n + 0),
    [-2, -2, 0, 0, 2, 2, 3],
  );
});

test('scales and zero points are those of the Python tool where precisions part', () => {
  for (const [type, min, max, scale, zero] of fixture.params) {
    const grid = gridOf(type, { symmetric: false, reduced: false });
    assert.deepEqual(paramsFor(min, max, grid), { scale, zero });
  }
});

test('numbers are divided in float32 as in the Python tool', () => {
  for (const [value, scale, zero, quantized] of fixture.numbers) {
    assert.equal(quantizeNumber(value, { scale, zero }, limits.int8), quantized);
  }
});

test('weight scales make room for a bias as in the Python tool', () => {
  for (const [weight, input, bias, perChannel, perTensor] of fixture.weightScales) {
    const [each, whole] = [{ perChannel: true }, { perChannel: false }];
    assert.equal(fittingWeightScale(weight, input, bias, each), perChannel);
    assert.equal(fittingWeightScale(weight, input, bias, whole), perTensor);
  }
});

test('a bias that does not fit 32 bits is clipped', () => {
  assert.equal(quantizeBias(1, 1e-12), 2 ** 31 - 1);
  assert.equal(quantizeBias(-1, 1e-12), -(2 ** 31));
});
