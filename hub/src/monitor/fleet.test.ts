import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DriftFinding } from './finding.ts';
import { type DeviceFinding, type FleetAlarm, type JoinOptions, joinFinding } from './fleet.ts';
import { decomposeShifts, populationFeatures } from './population.ts';
import { createRandom } from './random.test.fixture.ts';

function aDrift(changes: Partial<DriftFinding> = {}): DriftFinding {
  return {
    kind: 'drift',
    feature: 'contrast',
    pattern: 'gain',
    direction: 'narrower',
    logM: 12,
    logThreshold: Math.log(1e4),
    since: { epoch: 1, sequence: 100 },
    at: { epoch: 1, sequence: 103 },
    windows: 4,
    offsetSd: 0,
    gainRatio: 0.6,
    effects: {
      psi: { value: 0.4, null95: 0.08 },
      jsd: { value: 0.05, null95: 0.01 },
      offsetSd: { value: -0.2, null95: 0.1 },
      gainRatio: { value: 0.6, null95: 0.07 },
    },
    referenceCounts: [],
    currentCounts: [],
    tau: 1,
    against: 'baseline',
    ...changes,
  };
}

function reported(deviceId: string, atMs: number, finding: DeviceFinding['finding']) {
  return { deviceId, bundle: 'bundle-1', atMs, finding };
}

function joinAll(findings: readonly DeviceFinding[], options?: JoinOptions): readonly FleetAlarm[] {
  let alarms: readonly FleetAlarm[] = [];
  for (const finding of findings) alarms = joinFinding(alarms, finding, options).alarms;
  return alarms;
}

test('findings of two devices close in time are one alarm, strongest feature first', () => {
  const alarms = joinAll([
    reported('b', 1000, aDrift()),
    reported('a', 4000, aDrift({ logM: 15, effects: { ...aDrift().effects } })),
    reported('a', 9000, aDrift({ feature: 'brightness', pattern: 'offset', logM: 40 })),
  ]);
  assert.equal(alarms.length, 1);
  const [alarm] = alarms;
  assert.ok(alarm);
  assert.deepEqual(alarm.devices, ['a', 'b']);
  assert.equal(alarm.scope, 'several');
  assert.equal(alarm.raisedAtMs, 1000);
  assert.deepEqual(
    alarm.features.map(({ feature, pattern, devices, logM }) => [feature, pattern, devices, logM]),
    [
      ['brightness', 'offset', ['a'], 40],
      ['contrast', 'gain', ['a', 'b'], 15],
    ],
  );
  assert.equal(alarm.features[1]?.offsetSd, -0.2);
  assert.equal(alarm.features[1]?.gainRatio, 0.6);
});

test('other bundles, faults, and findings after the span are alarms of their own', () => {
  const alarms = joinAll([
    reported('a', 0, aDrift()),
    { ...reported('a', 0, aDrift()), bundle: 'bundle-2' },
    reported('a', 0, {
      kind: 'validation',
      feature: 'contrast',
      pattern: 'stuck',
      at: { epoch: 1, sequence: 103 },
      windows: 3,
      share: 1,
    }),
    reported('b', 600_001, aDrift()),
  ]);
  assert.deepEqual(
    alarms.map(({ bundle, kind, devices }) => [bundle, kind, devices]),
    [
      ['bundle-1', 'drift', ['a']],
      ['bundle-2', 'drift', ['a']],
      ['bundle-1', 'validation', ['a']],
      ['bundle-1', 'drift', ['b']],
    ],
  );
});

test('joining says whether the alarm is new', () => {
  const first = joinFinding([], reported('a', 0, aDrift()));
  assert.equal(first.isNew, true);
  const second = joinFinding(first.alarms, reported('b', 1, aDrift()));
  assert.equal(second.isNew, false);
  assert.deepEqual(second.alarms, [second.alarm]);
});

test('a feature that moved everywhere is an alarm of the population', () => {
  const [alarm] = joinAll([reported('a', 0, aDrift())], {
    populationFeatures: new Set(['contrast']),
  });
  assert.equal(alarm?.scope, 'population');
});

function shifts(count: number, of: (index: number) => number) {
  const { normal } = createRandom(30);
  return Array.from({ length: count }, (_, index) => ({
    deviceId: `device-${index}`,
    offsetSd: of(index) + 0.05 * normal(),
  }));
}

test('a common shift blames no device', () => {
  const decomposed = decomposeShifts(shifts(200, () => 0.3));
  assert.ok(decomposed?.isPopulationShift);
  assert.ok(Math.abs(decomposed.commonSd - 0.3) < 0.02);
  assert.deepEqual(decomposed.outliers, []);
});

test('features that moved everywhere are told from those that did not', () => {
  const moved = populationFeatures(
    new Map([
      ['contrast', shifts(50, () => 0.4)],
      ['brightness', shifts(50, (index) => (index < 3 ? 1 : 0))],
      ['rare', shifts(3, () => 2)],
    ]),
  );
  assert.deepEqual([...moved], ['contrast']);
});

test('five faulty devices of 200 stand out, also on top of a common shift', () => {
  for (const common of [0, 0.3]) {
    const decomposed = decomposeShifts(shifts(200, (index) => common + (index < 5 ? 0.5 : 0)));
    assert.equal(decomposed?.isPopulationShift, common > 0);
    assert.deepEqual(
      decomposed.outliers,
      [0, 1, 2, 3, 4].map((index) => `device-${index}`),
    );
  }
});

test('fewer than ten devices are not a population', () => {
  assert.equal(decomposeShifts(shifts(9, () => 0)), undefined);
});
