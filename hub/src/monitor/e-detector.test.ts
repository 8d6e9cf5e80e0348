import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '@edgewise/models/random';
import { createEDetector, type EDetectorState } from './e-detector.ts';
import { normalQuantile } from './normal.ts';

const uniform = new Float64Array(20).fill(0.05);
const edges = Array.from({ length: 19 }, (_, edge) => normalQuantile((edge + 1) / 20));

function countWindow(random: Random, change: { offset: number; gain: number }): number[] {
  const counts = new Array<number>(20).fill(0);
  for (let sample = 0; sample < 100; sample++) {
    const x = change.offset + change.gain * random.normal();
    const bin = edges.findIndex((edge) => x < edge);
    const at = bin < 0 ? 19 : bin;
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

const clean = { offset: 0, gain: 1 };

function run(seed: number, changes: readonly { offset: number; gain: number }[]) {
  const random = createRandom(seed);
  const detector = createEDetector(uniform, { rho: 0.01 });
  const states: EDetectorState[] = [];
  let state = detector.initial();
  for (const [sequence, change] of changes.entries()) {
    const counts = countWindow(random, change);
    state = detector.update(state, { epoch: 1, sequence, counts, sumZ: 0, sumZ2: 0 }, 1);
    states.push(state);
  }
  return { detector, states };
}

test('a clean stream stays far below the alarm line for 1,000 windows', () => {
  const { states } = run(4, new Array(1000).fill(clean));
  const highest = Math.max(...states.map(({ logM }) => logM));
  assert.ok(highest < Math.log(100), `M rose to e^${highest}`);
});

test('half a standard deviation after 200 clean windows alarms within 5 and is dated within 3', () => {
  const drifted = { offset: 0.5, gain: 1 };
  const { detector, states } = run(5, [
    ...new Array(200).fill(clean),
    ...new Array(20).fill(drifted),
  ]);
  const alarm = states.findIndex(({ logM }) => logM >= Math.log(1e4));
  assert.ok(alarm >= 200 && alarm < 205, `alarm at window ${alarm}`);
  const state = states[alarm];
  assert.ok(state);
  const start = detector.likelyStart(state, 1);
  assert.ok(start && Math.abs(start.sequence - 200) <= 3, `dated ${start?.sequence}`);
});

test('a change of shape that no offset or gain explains is found by the Dirichlet bet', () => {
  const detector = createEDetector(uniform, { rho: 0.01 });
  let state = detector.initial();
  for (let sequence = 0; sequence < 12; sequence++) {
    const counts = Array.from({ length: 20 }, (_, bin) => (bin % 2 === 0 ? 9 : 1));
    state = detector.update(state, { epoch: 1, sequence, counts, sumZ: 0, sumZ2: 0 }, 1);
  }
  assert.ok(state.logM > Math.log(1e4));
});

test('starts are kept at most two per octave of ages', () => {
  const { states } = run(6, new Array(1000).fill(clean));
  const ages = states.at(-1)?.starts.map(({ at }) => 1000 - at) ?? [];
  const perOctave = Map.groupBy(ages, (age) => Math.floor(Math.log2(age)));
  for (const [octave, inOctave] of perOctave) assert.ok(inOctave.length <= 2, `octave ${octave}`);
  assert.ok(ages.some((age) => age > 500));
});

test('the state survives JSON unchanged', () => {
  const { detector, states } = run(7, new Array(30).fill(clean));
  const state = states.at(-1);
  assert.ok(state);
  assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
  assert.deepEqual(JSON.parse(JSON.stringify(detector.initial())), detector.initial());
});
