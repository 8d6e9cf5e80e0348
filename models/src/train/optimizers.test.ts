import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Value } from 'typebox/value';
import { optimizerKinds } from './optimizers.ts';

test('an epsilon that is zero in float32 is refused: it would divide nothing by nothing', () => {
  const accepts = (epsilon: number) =>
    Value.Check(optimizerKinds.adam, { kind: 'adam', rate: 0.1, epsilon });
  assert.deepEqual([1e-50, 1e-8].map(accepts), [false, true]);
  assert.equal(Math.fround(1e-50), 0);
});
