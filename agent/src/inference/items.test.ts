import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelInput } from '@edgewise/models/bundle';
import { bytesOfItem, cutItems, feedsOf } from './items.ts';

const image: ModelInput = { name: 'image', dtype: 'uint8', dims: [1, 2], source: 'image' };
const level: ModelInput = { name: 'level', dtype: 'float32', dims: [1], source: 'vector' };
const both = [image, level];
const at = { index: 0 };

test('several inputs are given by name or as bytes one after another', () => {
  const bytes = bytesOfItem(both, { json: { image: [[1, 2]], level: 0.5 } }, at);
  assert.deepEqual(bytes, Uint8Array.of(1, 2, 0, 0, 0, 63));
  assert.deepEqual(bytesOfItem(both, bytes, at), bytes);
  const feeds = feedsOf(both, [bytes, bytes]);
  assert.deepEqual(feeds.image?.dims, [2, 1, 2]);
  assert.deepEqual(feeds.image?.data, Uint8Array.of(1, 2, 1, 2));
  assert.deepEqual(feeds.level?.data, Float32Array.of(0.5, 0.5));
});

test('a single frame is fed as it lies in memory, unless numbers may not lie there', () => {
  const body = Uint8Array.of(9, 1, 2, 0, 0, 0, 63);
  const frame = feedsOf([image], [body.subarray(1, 3)]).image;
  assert.deepEqual(frame?.data, Uint8Array.of(1, 2));
  assert.equal(frame?.data.buffer, body.buffer);
  const float = feedsOf([level], [body.subarray(3, 7)]).level;
  assert.deepEqual(float?.data, Float32Array.of(0.5));
  assert.notEqual(float?.data.buffer, body.buffer);
});

test('a body is cut into items, or refused when it holds a part of one', () => {
  assert.equal(cutItems(both, new Uint8Array(18)).length, 3);
  for (const size of [0, 17]) {
    assert.throws(
      () => cutItems(both, new Uint8Array(size)),
      /no whole number of items of 6 bytes/,
    );
  }
});

test('a missing input, a wrong count and a text are named', () => {
  const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
  const table = [
    [{ image: [[1, 2]] }, /"level" holds a non-number/],
    [{ image: [1, 2, 3], level: 1 }, /"image" has 3 numbers, the model takes 2/],
    [{ image: [1, 'x'], level: 1 }, /"image" holds a non-number/],
    [null, /"image"/],
    [{ image: [1, deep], level: 1 }, /"image" holds a non-number/],
  ] as const;
  for (const [json, expected] of table) {
    assert.throws(() => bytesOfItem(both, { json }, at), expected);
  }
});

test('numbers that JSON cannot carry must come as bytes', () => {
  const wide: ModelInput = { name: 'ids', dtype: 'int64', dims: [1], source: 'tensor' };
  assert.throws(() => bytesOfItem([wide], { json: [1] }, at), /int64, which JSON cannot carry/);
  assert.equal(bytesOfItem([wide], new Uint8Array(8), at).length, 8);
});
