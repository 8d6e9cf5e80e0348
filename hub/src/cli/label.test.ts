import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { classList, classNumber } from './class-number.ts';
import { showSample } from './show-sample.ts';

test('a grey picture is drawn in shades, row by row', () => {
  const bytes = Uint8Array.from([0, 255, 255, 0]);
  assert.equal(showSample(bytes, { dims: [2, 2, 1], dtype: 'uint8' }), '  @@\n@@  ');
});

test('readings are shown as numbers', () => {
  const bytes = new Uint8Array(Float32Array.from([0.1, 20.5, 3]).buffer);
  assert.equal(showSample(bytes, { dims: [3], dtype: 'float32' }), '0.1  20.5  3');
});

test('what is too much for a terminal is described', () => {
  const text = showSample(new Uint8Array(3072), { dims: [32, 32, 3], dtype: 'uint8' });
  assert.match(text, /uint8 \[32, 32, 3\]/);
});

test('a class is meant by its name or its number', () => {
  assert.equal(classNumber('worn', ['good', 'worn']), 1);
  assert.equal(classNumber('0', ['good', 'worn']), 0);
  assert.throws(
    () => classNumber('7', ['good', 'worn']),
    (error) => error instanceof FleetError && /"7".*0 good, 1 worn/.test(error.reason),
  );
  assert.equal(classList(['0', '1', '2']), '0 to 2');
});
