import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensor } from '@edgewise/models/tensor';
import { FleetError } from '@edgewise/protocol';
import { decodeSamples, encodeSamples } from '../datasets/samples.ts';
import { alignClasses } from './align-classes.ts';

const read = (labels: readonly number[], classes?: readonly string[]) => ({
  npz: encodeSamples({
    inputs: tensor('float32', [labels.length, 1], Float32Array.from(labels)),
    labels: Int32Array.from(labels),
  }),
  count: labels.length,
  ...(classes && { classes }),
});
const labelsOf = ({ npz }: { readonly npz: Uint8Array }) => [...decodeSamples(npz).labels];

test('a file with some of the classes gets the numbers of the whole set', () => {
  const aligned = alignClasses(read([0, 0, 1], ['broken', 'worn']), ['good', 'worn', 'broken']);
  assert.deepEqual(labelsOf(aligned), [2, 2, 1]);
  assert.deepEqual(aligned.classes, ['good', 'worn', 'broken']);
});

test('data without names of classes keep their numbers', () => {
  assert.deepEqual(labelsOf(alignClasses(read([1, 0]), ['a', 'b'])), [1, 0]);
});

test('a class that is not among them is named', () => {
  assert.throws(
    () => alignClasses(read([0], ['odd']), ['good', 'worn']),
    (error) => error instanceof FleetError && /"odd".*good, worn/.test(error.reason),
  );
});
