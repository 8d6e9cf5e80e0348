import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeWindow, encodeWindow, FleetError } from '@edgewise/protocol';
import { sha256 } from '../crypto/digest.ts';
import { tensor } from '../tensor/tensor.ts';
import { fitBins } from './fit-bins.ts';
import { createProfile, decodeProfile, encodeProfile } from './profile.ts';
import { countReference } from './reference.ts';
import { createWindowCounter, type WindowCounts } from './window-counter.ts';

/** Two features: 0 to 999 in order, and its negative half. */
const features = tensor(
  'float32',
  [1000, 2],
  Float32Array.from({ length: 2000 }, (_, index) => (index % 2 === 0 ? index / 2 : -index / 4)),
);
const probabilities = tensor(
  'float32',
  [1000, 2],
  Float32Array.from({ length: 2000 }, (_, index) => (index % 2 === 0 ? 0.25 : 0.75)),
);
const bins = fitBins(features, ['up', 'down'], { classes: 2 });
const reference = countReference(bins, { features, probabilities }, { cohort: 'original' });
const profile = createProfile(bins, [reference], { sha256 });
const policy = { samples: 100, maxSpanMs: 60_000, minSpanMs: 0 };
const counter = (changes: Partial<typeof policy> = {}) =>
  createWindowCounter(profile, { ...policy, ...changes });

const answer = (nowMs: number, up = 500) => ({
  features: Float32Array.of(up, -up / 2),
  class: 1,
  confidence: 0.75,
  latencyUs: 250,
  nowMs,
});
const sum = (counts: Iterable<number> = []): number => [...counts].reduce((a, b) => a + b, 0);

test('the reference is counted in its own bins', () => {
  assert.deepEqual(reference.counts[0]?.slice(0, 20), new Array(20).fill(50));
  assert.deepEqual(reference.predictions, [[1 * 20 + 15, 1000]]);
});

test('a window closes with its last sample and holds what was counted', () => {
  const windows = counter();
  let closed: WindowCounts | undefined;
  for (let item = 0; item < 100; item++) {
    assert.equal(closed, undefined);
    closed = windows.add(answer(1000 + item, item * 10));
  }
  assert.ok(closed !== undefined);
  assert.deepEqual([closed.seen, closed.n, closed.startMs, closed.spanMs], [100, 100, 1000, 99]);
  assert.deepEqual([...(closed.features[0]?.counts.slice(0, 20) ?? [])], new Array(20).fill(5));
  assert.deepEqual([...closed.predictions], [[35, 100]]);
  assert.deepEqual([...closed.latency], [[31, 100]]);
  assert.equal(closed.bins, profile.digests.bins.slice(0, 16));
  const packed = { ...closed, epoch: 1, sequence: 2 };
  const bytes = encodeWindow(packed);
  const back = decodeWindow(bytes);
  assert.deepEqual(back.predictions, closed.predictions);
  assert.equal(back.features[1]?.counts.join(), closed.features[1]?.counts.join());
});

test('sums are of standardized values and of neighbours', () => {
  const windows = counter({ samples: 3 });
  const [first] = bins.features;
  assert.ok(first !== undefined);
  const at = (z: number) => answer(0, first.mean + z * first.sd);
  windows.add(at(1));
  windows.add(at(-2));
  const counts = windows.add(at(3))?.features[0];
  const rounded = [counts?.sumZ, counts?.sumZ2, counts?.minZ, counts?.maxZ, counts?.sumLag].map(
    (value) => Math.round((value ?? NaN) * 1e4) / 1e4,
  );
  assert.deepEqual(rounded, [2, 14, -2, 3, -8]);
});

test('what lies on both sides of a gap are no neighbours', () => {
  const windows = counter({ samples: 4 });
  for (const up of [0, NaN]) windows.add(answer(0, up));
  windows.add(answer(0, 0));
  assert.equal(windows.add({ latencyUs: 1, nowMs: 0 })?.features[0]?.sumLag, 0);
});

test('under, over, NaN and null have cells of their own and leave the sums finite', () => {
  const windows = counter({ samples: 6 });
  for (const up of [-1, 1000, NaN, Infinity, -Infinity]) windows.add(answer(0, up));
  const closed = windows.add({ latencyUs: 1, nowMs: 0 });
  const counts = closed?.features[0];
  assert.deepEqual([...(counts?.counts.slice(20) ?? [])], [2, 2, 1, 1]);
  assert.ok(Number.isFinite(counts?.sumZ) && Number.isFinite(counts?.sumLag));
  assert.equal(sum(closed?.predictions.values()), 5);
});

test('a broken sensor does not swallow the sums', () => {
  const closed = counter({ samples: 1 }).add(answer(0, 3e38));
  assert.equal(closed?.features[0]?.sumZ, 1e6);
});

test('a window closes after its longest span, by an answer or by a tick', () => {
  const windows = counter({ maxSpanMs: 500 });
  assert.equal(windows.tick(0), undefined);
  windows.add(answer(0));
  assert.equal(windows.add(answer(499)), undefined);
  assert.equal(windows.tick(499), undefined);
  assert.equal(windows.tick(500)?.n, 2);
  assert.equal(windows.tick(2000), undefined);
  windows.add(answer(3000));
  assert.equal(windows.add(answer(3500))?.n, 2);
});

test('a flush gives what is open, once', () => {
  const windows = counter();
  windows.add(answer(10));
  assert.equal(windows.flush(40)?.spanMs, 30);
  assert.equal(windows.flush(40), undefined);
});

test('a fast stream is thinned to the shortest span and all of it is seen', () => {
  const windows = counter({ samples: 11, minSpanMs: 1000 });
  let closed: WindowCounts | undefined;
  let nowMs = 0;
  for (; closed === undefined; nowMs++) closed = windows.add(answer(nowMs));
  assert.equal(closed.n, 11);
  assert.equal(closed.spanMs, 1000);
  assert.equal(closed.seen, 1001);
  assert.equal(sum(closed.latency.values()), 1001);
  assert.equal(sum(closed.features[0]?.counts), 11);
});

test('a slow stream is not thinned', () => {
  const windows = counter({ samples: 5, minSpanMs: 1000 });
  for (let item = 0; item < 4; item++) windows.add(answer(item * 400));
  assert.equal(windows.add(answer(1600))?.seen, 5);
});

test('a clock that jumps back does not break a window', () => {
  const windows = counter({ samples: 2, minSpanMs: 0 });
  windows.add(answer(5000));
  assert.equal(windows.add(answer(1000))?.spanMs, 0);
  const slow = counter({ maxSpanMs: 500 });
  slow.add(answer(5_000_000));
  slow.add(answer(1000));
  assert.equal(slow.add(answer(1500))?.spanMs, 500);
});

test('a profile survives its file with the same digests', () => {
  assert.deepEqual(decodeProfile(encodeProfile(profile), { sha256 }), profile);
  const other = createProfile(bins, [{ ...reference, cohort: 'drifted' }], { sha256 });
  assert.equal(other.digests.bins, profile.digests.bins);
  assert.notEqual(other.digests.reference, profile.digests.reference);
});

test('a profile that contradicts itself is malformed', () => {
  const [feature] = bins.features;
  assert.ok(feature !== undefined);
  const edges = feature.edges.with(3, feature.edges[2] ?? 0);
  const wrong = [
    { ...profile, bins: { ...bins, features: [feature, feature] } },
    { ...profile, bins: { ...bins, features: [{ ...feature, edges }, ...bins.features.slice(1)] } },
    { ...profile, references: [{ ...reference, counts: [] }] },
    { ...profile, references: [{ ...reference, predictions: [[40, 1]] as [number, number][] }] },
    { ...profile, references: [] },
  ];
  for (const bad of wrong) {
    assert.throws(
      () => decodeProfile(encodeProfile(bad), { sha256 }),
      (thrown) => thrown instanceof FleetError && thrown.code === 'malformed',
    );
  }
  const bytes = encodeProfile(profile);
  assert.throws(() => decodeProfile(bytes.subarray(0, bytes.length / 2), { sha256 }), /malformed/);
});
