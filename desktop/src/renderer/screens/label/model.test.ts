import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldSample } from '@edgewise/protocol/http';
import { sampleFixtures } from '../../../testing/fixture-alarms.ts';
import {
  answer,
  emptySitting,
  keyOf,
  numbersOf,
  readKey,
  shapeOf,
  takeBack,
  upcoming,
} from './model.ts';

const [a, b, c] = sampleFixtures(1_700_000_000_000) as [FieldSample, FieldSample, FieldSample];
const ids = (samples: readonly FieldSample[]) => samples.map((each) => each.sample);
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

test('an answered sample is not asked again, even before the hub has said so', () => {
  const sitting = answer(emptySitting, a, 3);
  assert.deepEqual(ids(upcoming([a, b, c], sitting)), ids([b, c]));
});

test('undo brings the last sample back, first, also when the hub has taken it off its queue', () => {
  const sitting = takeBack(answer(answer(emptySitting, a, 3), b, null), b);
  assert.deepEqual(ids(upcoming([c], sitting)), ids([b, c]));
  assert.deepEqual(ids(upcoming([b, c], sitting)), ids([b, c]));
  assert.deepEqual(
    sitting.answered.map((each) => each.sample.sample),
    [a.sample],
  );
});

test('undo twice brings back two, the latest undone first', () => {
  let sitting = answer(answer(emptySitting, a, 1), b, 2);
  sitting = takeBack(takeBack(sitting, b), a);
  assert.deepEqual(ids(upcoming([c], sitting)), ids([a, b, c]));
  assert.deepEqual(ids(upcoming([c], answer(sitting, a, 5))), ids([b, c]));
});

test('digits choose the class of that name, or of that place', () => {
  assert.deepEqual(readKey('7', digits, ''), { kind: 'choose', label: 7 });
  const shuffled = digits.toReversed();
  assert.deepEqual(readKey('7', shuffled, ''), { kind: 'choose', label: 2 });
  assert.deepEqual(readKey('1', ['cat', 'dog'], ''), { kind: 'choose', label: 1 });
  assert.deepEqual(readKey('2', ['cat', 'dog'], ''), { kind: 'none' });
});

test('above ten classes digits are gathered until Enter', () => {
  const many = Array.from({ length: 120 }, (_, index) => `class ${index}`);
  assert.equal(keyOf(many, 3), undefined);
  assert.deepEqual(readKey('1', many, ''), { kind: 'type', typed: '1' });
  assert.deepEqual(readKey('1', many, '1'), { kind: 'type', typed: '11' });
  assert.deepEqual(readKey('Backspace', many, '11'), { kind: 'type', typed: '1' });
  assert.deepEqual(readKey('Enter', many, '11'), { kind: 'choose', label: 11 });
  assert.deepEqual(readKey('Enter', many, '120'), { kind: 'none' });
  assert.deepEqual(readKey('Enter', many, ''), { kind: 'none' });
});

test('s skips, z undoes, p shows the prediction, and other keys do nothing', () => {
  assert.deepEqual(
    ['s', 'z', 'p', 'x', 'Tab'].map((key) => readKey(key, digits, '').kind),
    ['skip', 'undo', 'prediction', 'none', 'none'],
  );
});

test('a sample of two dimensions is a picture, of one a vector', () => {
  assert.equal(shapeOf([1, 28, 28]), 'picture');
  assert.equal(shapeOf([1, 1, 64]), 'vector');
  assert.deepEqual(numbersOf(new Uint8Array([255, 1]), 'int8'), [-1, 1]);
  assert.deepEqual(numbersOf(new Uint8Array(new Float32Array([0.5]).buffer), 'float32'), [0.5]);
  assert.deepEqual(numbersOf(new Uint8Array([1]), 'complex64'), []);
});
