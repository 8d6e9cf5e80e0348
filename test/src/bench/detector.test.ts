import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchDetector } from './detector.ts';

test('a short proof of the detector holds', () => {
  // The cost depends on what else the machine does; the bench alone judges it.
  const failed = benchDetector({ streams: 36, seed: 3 }).filter(
    ({ name, holds }) => !holds && !name.startsWith('cost'),
  );
  assert.deepEqual(failed, []);
});
