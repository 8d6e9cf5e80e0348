import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSweep, sweepExample } from './sweep-file.ts';

const faults: readonly (readonly [unknown, RegExp])[] = [
  [[], /the sweep must be object/],
  [{ method: 'bayes', parameters: {} }, /"method" must be one of grid, random, halving/],
  [{ method: 'grid', parameter: {} }, /the sweep has unknown fields: parameter/],
  [{ method: 'grid', parameters: { epochs: [1, 2] } }, /"parameters\.epochs" must be object/],
  [{ method: 'random', trials: 10_000, parameters: {} }, /"trials" must be <= 500/],
];

for (const [document, fault] of faults) {
  test(`${JSON.stringify(document)} is refused with the file, the place and an example`, () => {
    assert.throws(
      () => readSweep(document, 'sweep.json'),
      (thrown: Error) => {
        assert.match(thrown.message, /^\[invalid-argument\] sweep\.json: /);
        assert.match(thrown.message, fault);
        return thrown.message.endsWith(`A sweep looks like this:\n  ${sweepExample}`);
      },
    );
  });
}

test('the example is a sweep', () => {
  const document: unknown = JSON.parse(sweepExample);
  assert.equal(readSweep(document, 'sweep.json'), document);
});
