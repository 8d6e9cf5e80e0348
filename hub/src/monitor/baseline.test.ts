import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@edgewise/models/random';
import {
  type DependenceChannels,
  emptyBaseline,
  estimateTau,
  freezeBaseline,
  growBaseline,
  nullRadius,
} from './baseline.ts';
import { countSensor, type Luck, normalReference } from './device.test.fixture.ts';
import { smoothedProbabilities } from './kl.ts';
import { foldOuterBins } from './monitored-window.ts';
import { normalScores } from './tilts.ts';

const scores = Array.from(normalScores(smoothedProbabilities(normalReference)));
const dependence: DependenceChannels = {
  columns: [scores, scores.map((score) => score * score)],
  channels: [[0], [1]],
  usesValues: true,
};
const rule = { minWindows: 100, minEffectiveSamples: 1000 };

/** A baseline over windows of 100 values drawn one after the other. */
function baselineOf(windows: number, normal: () => number) {
  const random: Luck = { next: () => 0.5, normal };
  let state = emptyBaseline(20, dependence);
  for (let window = 0; window < windows; window++) {
    const { counts, sumZ, sumZ2, sumLag } = countSensor(random);
    state = growBaseline(
      state,
      {
        ...{ counts: foldOuterBins(counts), samples: 100, nan: 0, absent: 0 },
        ...{ sumZ, sumZ2, pairs: 99, sumZz: sumLag },
      },
      dependence,
    );
  }
  return state;
}

function autoregressive(phi: number, noise: () => number): () => number {
  let x = noise();
  return () => {
    x = phi * x + Math.sqrt(1 - phi * phi) * noise();
    return x;
  };
}

/** The median over some streams: the estimate of one stream is now and then too high, for safety. */
function medianTau(windows: number, signal: (normal: () => number) => () => number): number {
  const found = Array.from({ length: 9 }, (_, stream) =>
    estimateTau(baselineOf(windows, signal(createRandom(41, stream).normal)), dependence),
  );
  return found.toSorted((a, b) => a - b)[4] ?? Number.NaN;
}

test('tau of independent samples is near one', () => {
  const tau = medianTau(100, (normal) => normal);
  assert.ok(tau >= 1 && tau < 1.3, `tau ${tau}`);
});

test('tau of an autoregressive signal is found by its lag one', () => {
  for (const phi of [0.8, 0.9, 0.95]) {
    const tau = medianTau(200, (normal) => autoregressive(phi, normal));
    const expected = (1 + phi) / (1 - phi);
    assert.ok(tau > 0.85 * expected && tau < 1.6 * expected, `${tau} is not near ${expected}`);
  }
});

test('a slow signal under white noise is found by its long-run variance, not by its lag one', () => {
  const { normal } = createRandom(45);
  const slow = autoregressive(0.98, normal);
  const tau = estimateTau(
    baselineOf(500, () => Math.SQRT1_2 * (slow() + normal())),
    dependence,
  );
  // Half of the variance has (1 + .98) / (1 - .98) = 99, half has 1; lag one alone would say 3.
  assert.ok(tau > 30 && tau < 90, `tau ${tau}`);
});

test('a baseline freezes at 100 windows, or later when its samples depend on each other', () => {
  assert.equal(
    freezeBaseline(baselineOf(99, createRandom(46).normal), dependence, rule),
    undefined,
  );
  const frozen = freezeBaseline(baselineOf(100, createRandom(46).normal), dependence, rule);
  assert.ok(frozen && frozen.rho === 0.01);
  const { normal } = createRandom(47);
  const slow = baselineOf(100, autoregressive(0.95, normal));
  assert.equal(freezeBaseline(slow, dependence, rule), undefined);
});

test('the margin is 0.01, and wider for a reference of few effective samples', () => {
  assert.equal(nullRadius(20, 10_000), 0.01);
  assert.ok(Math.abs(nullRadius(20, 1000) - 43.82 / 2000) < 2e-4);
});

test('a long baseline keeps its memory bounded and its tau', () => {
  const { normal } = createRandom(48);
  const slow = autoregressive(0.98, normal);
  const state = baselineOf(1500, () => Math.SQRT1_2 * (slow() + normal()));
  assert.ok(state.means.values.length <= 256 * 3);
  const tau = estimateTau(state, dependence);
  assert.ok(tau > 35 && tau < 75, `tau ${tau}`);
});
