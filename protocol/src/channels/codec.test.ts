import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMissing, encodeMissing } from '../packed/need.ts';
import { decodeWindow, encodeWindow, featureCells, type PackedWindow } from '../packed/window.ts';
import { channelOf, decodeMessage, encodeMessage, filterOf, topicOf } from './codec.ts';

const codeIs = (code: string) => (error: unknown) =>
  error instanceof Error && error.message.startsWith(`[${code}]`);

test('a topic is read back as the channel and values that made it', () => {
  const topic = topicOf('blob', { fleet: 'home', digest: 'a'.repeat(64), lane: 'l1', block: '7' });
  assert.deepEqual(channelOf(topic), {
    channel: 'blob',
    params: { fleet: 'home', digest: 'a'.repeat(64), lane: 'l1', block: '7' },
  });
});

test('a value with a slash, a dot or a wildcard cannot enter a topic', () => {
  for (const device of ['a/b', 'a.b', '#', '', 'A']) {
    assert.throws(() => topicOf('state', { fleet: 'home', device }), RangeError);
  }
});

test('a topic with a wildcard, a missing or a surplus level belongs to no channel', () => {
  for (const topic of [
    'edgewise/home/device/+/state',
    'edgewise/home/device/a',
    'edgewise/home/device/a/state/b',
    'x',
  ]) {
    assert.equal(channelOf(topic), undefined, topic);
  }
});

test('values that are not given become single-level wildcards', () => {
  assert.equal(filterOf('window', { fleet: 'home' }), 'edgewise/home/device/+/window');
});

test('unknown fields of a document are ignored', () => {
  const presence = { v: 1, status: 'online' as const, instance: 'i', session: 1, atMs: 5 };
  const bytes = new TextEncoder().encode(JSON.stringify({ ...presence, later: true }));
  assert.equal(decodeMessage('presence', bytes).status, 'online');
});

test('broken, newer and oversized documents have different codes', () => {
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  assert.throws(() => decodeMessage('presence', encode({ v: 1 })), codeIs('malformed'));
  assert.throws(() => decodeMessage('presence', new Uint8Array([0xff, 0xfe])), codeIs('malformed'));
  assert.throws(() => decodeMessage('presence', encode({ v: 2 })), codeIs('newer-version'));
  assert.throws(() => decodeMessage('presence', new Uint8Array(40_000)), codeIs('too-large'));
});

const window: fc.Arbitrary<PackedWindow> = fc
  .record({
    epoch: fc.maxSafeNat(),
    sequence: fc.maxSafeNat(),
    startMs: fc.nat(),
    spanMs: fc.nat(),
    seen: fc.nat(),
    features: fc.array(
      fc.array(fc.nat({ max: 100 }), { minLength: featureCells - 1, maxLength: featureCells - 1 }),
      { maxLength: 5 },
    ),
    predictions: fc.uniqueArray(fc.nat({ max: 199 }), { maxLength: 20 }),
    latency: fc.uniqueArray(fc.nat({ max: 255 }), { maxLength: 20 }),
  })
  .map(({ features, predictions, latency, ...rest }) => {
    const n = 2400;
    const sorted = (cells: number[]) =>
      new Map(cells.sort((a, b) => a - b).map((cell) => [cell, 1 + (cell % 9)]));
    return {
      ...rest,
      n,
      bins: '0123456789abcdef',
      reference: 'fedcba9876543210',
      classes: 10,
      features: features.map((counts) => ({
        counts: Uint32Array.from([...counts, n - counts.reduce((a, b) => a + b, 0)]),
        sumZ: 1.5,
        sumZ2: 2.25,
        minZ: -3,
        maxZ: 3,
        sumLag: 0.5,
      })),
      predictions: sorted(predictions),
      latency: sorted(latency),
    };
  });

test('a window survives packing', () => {
  fc.assert(
    fc.property(window, (value) => assert.deepEqual(decodeWindow(encodeWindow(value)), value)),
  );
});

test('a window cut anywhere is malformed, never misread', () => {
  fc.assert(
    fc.property(window, fc.double({ min: 0, max: 0.999, noNaN: true }), (value, share) => {
      const bytes = encodeWindow(value);
      assert.throws(
        () => decodeWindow(bytes.subarray(0, 1 + Math.floor(share * (bytes.length - 1)))),
        codeIs('malformed'),
      );
    }),
  );
});

test('a feature of a window of 100 inputs takes at most 46 bytes', () => {
  const counts = new Uint32Array(featureCells).fill(4);
  counts[0] = 100 - 4 * (featureCells - 1);
  const feature = { counts, sumZ: 1, sumZ2: 1, minZ: -1, maxZ: 1, sumLag: 1 };
  const size = (features: number) =>
    encodeWindow({
      epoch: 1,
      sequence: 1,
      bins: '00'.repeat(8),
      reference: '00'.repeat(8),
      startMs: 1,
      spanMs: 1,
      seen: 100,
      n: 100,
      features: Array.from({ length: features }, () => feature),
      classes: 10,
      predictions: new Map(),
      latency: new Map(),
    }).length;
  assert.ok(size(2) - size(1) <= 46);
});

test('a feature whose counts do not add up to the window is malformed', () => {
  const counts = new Uint32Array(featureCells).fill(1);
  const bytes = encodeWindow({
    epoch: 1,
    sequence: 1,
    bins: '00'.repeat(8),
    reference: '00'.repeat(8),
    startMs: 1,
    spanMs: 1,
    seen: 9,
    n: 9,
    features: [{ counts, sumZ: 0, sumZ2: 0, minZ: 0, maxZ: 0, sumLag: 0 }],
    classes: 1,
    predictions: new Map(),
    latency: new Map(),
  });
  assert.throws(() => decodeWindow(bytes), codeIs('malformed'));
});

test('a bitmap of missing parts survives packing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.array(fc.nat()), (parts, picks) => {
      const missing = [...new Set(picks.map((pick) => pick % parts))].sort((a, b) => a - b);
      const request = { digest: 'ab'.repeat(32), parts, missing };
      assert.deepEqual(decodeMissing(encodeMissing(request)), request);
    }),
  );
});

test('a message is encoded by the codec of its channel', () => {
  const block = new Uint8Array([1, 2, 3]);
  assert.deepEqual(decodeMessage('blob', encodeMessage('blob', block)), block);
  assert.throws(() => decodeMessage('blob', new Uint8Array([9, 1])), codeIs('newer-version'));
});
