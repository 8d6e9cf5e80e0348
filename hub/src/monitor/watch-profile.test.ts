import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  countReference,
  createProfile,
  createWindowCounter,
  fitBins,
} from '@edgewise/models/profile';
import { createRandom, type Random } from '@edgewise/models/random';
import { tensor } from '@edgewise/models/tensor';
import { decodeWindow, encodeWindow } from '@edgewise/protocol';
import type { Finding } from './finding.ts';
import { watchProfile } from './watch-profile.ts';

const names = ['skewed', 'level', 'few-values', 'constant'];

/** One profile vector: a skewed value, a normal one, one of three values, one that never moves. */
function vectorOf(random: Random, level: number): number[] {
  return [
    Math.exp(random.normal()),
    1e5 + 10 * (level + random.normal()),
    Math.floor(3 * random.next()),
    0,
  ];
}

function aProfile(random: Random, levels: readonly number[]) {
  const rowsOf = (count: number, level: number) =>
    Array.from({ length: count }, () => vectorOf(random, level));
  const matrix = (rows: readonly number[][]) =>
    tensor('float32', [rows.length, names.length], Float32Array.from(rows.flat()));
  const classes = 2;
  const bins = fitBins(matrix(rowsOf(4000, 0)), names, { classes });
  const references = levels.map((level) =>
    countReference(
      bins,
      {
        features: matrix(rowsOf(4000, level)),
        probabilities: tensor(
          'float32',
          [4000, classes],
          Float32Array.from({ length: 8000 }, (_, index) => (index % 2 === 0 ? 0.9 : 0.1)),
        ),
      },
      { cohort: `level-${level}` },
    ),
  );
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  return createProfile(bins, references, { sha256 });
}

/** What a device reports over the wire, `windows` of 100 answers at each level in turn. */
function report(
  profile: ReturnType<typeof aProfile>,
  random: Random,
  phases: readonly (readonly [windows: number, level: number])[],
) {
  const monitor = watchProfile(profile, { threshold: 1e4 });
  const counter = createWindowCounter(profile, { samples: 100, maxSpanMs: 1e9, minSpanMs: 0 });
  let state = monitor.createState();
  let nowMs = 0;
  let sequence = 0;
  const found: { readonly window: number; readonly finding: Finding }[] = [];
  for (const [windows, level] of phases) {
    for (let answer = 0; answer < 100 * windows; answer++) {
      nowMs += 10;
      const features = Float32Array.from(vectorOf(random, level));
      const counts = counter.add({ features, class: 0, confidence: 0.9, latencyUs: 100, nowMs });
      if (counts === undefined) continue;
      sequence += 1;
      const window = decodeWindow(encodeWindow({ ...counts, epoch: 1, sequence }));
      const observation = monitor.observe(state, window);
      assert.equal(observation.outcome, 'tested');
      state = observation.state;
      found.push(...observation.findings.map((finding) => ({ window: sequence, finding })));
    }
  }
  return { monitor, state, found };
}

test('windows from the device’s own counter are watched feature by feature', () => {
  const random = createRandom(61);
  const { monitor, state, found } = report(aProfile(random, [0]), random, [
    [180, 0],
    [6, 1],
  ]);
  assert.deepEqual(
    monitor.status(state).map(({ name, phase }) => [name, phase]),
    [...names, 'prediction'].map((name) => [name, 'monitoring']),
  );
  assert.deepEqual(
    found.map(({ finding }) => [finding.feature, finding.pattern]),
    [['level', 'offset']],
  );
  assert.ok((found[0]?.window ?? 0) <= 183);
});

test('a device like the drifted cohort of a retrained bundle is normal from the start', () => {
  const random = createRandom(62);
  const { found } = report(aProfile(random, [0, 4]), random, [[120, 4]]);
  assert.deepEqual(found, []);
  const alone = report(aProfile(random, [0]), random, [[120, 4]]);
  assert.equal(alone.found[0]?.finding.feature, 'level');
});
