import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '@edgewise/models/random';
import { aWindow, normalReference, type Sensor } from './device.test.fixture.ts';
import { createDeviceMonitor, type DeviceMonitorConfig } from './device-monitor.ts';
import type { Finding } from './finding.ts';

const predictionReference = [0, 1, 2].flatMap((label) =>
  [15, 16, 17, 18, 19].map((bin): [number, number] => [label * 20 + bin, 600]),
);

function aMonitor(changes: Partial<DeviceMonitorConfig> = {}) {
  return createDeviceMonitor({
    features: [
      { name: 'level', cohorts: [normalReference] },
      { name: 'noise', cohorts: [normalReference] },
    ],
    predictions: { classes: 3, cohorts: [predictionReference] },
    threshold: 1e4,
    ...changes,
  });
}

/** Feeds `windows` windows of each sensor in turn; what was found, by window (from 1). */
function run(
  seed: number,
  phases: readonly (readonly [number, Parameters<typeof aWindow>[2]])[],
  monitor = aMonitor(),
) {
  const random = createRandom(seed);
  let state = monitor.createState();
  let sequence = 0;
  const found: { readonly window: number; readonly finding: Finding }[] = [];
  for (const [windows, sensor] of phases) {
    for (let window = 0; window < windows; window++) {
      sequence += 1;
      const observation = monitor.observe(state, aWindow(random, sequence, sensor));
      assert.equal(observation.outcome, 'tested');
      state = observation.state;
      found.push(...observation.findings.map((finding) => ({ window: sequence, finding })));
    }
  }
  return { monitor, state, found };
}

test('a device that differs by 1 sd learns its own normal in 100 windows and never alarms', () => {
  const { monitor, state, found } = run(11, [[400, { offset: 1 }]]);
  assert.deepEqual(found, []);
  for (const { phase, baselineWindows, tau } of monitor.status(state)) {
    assert.equal(phase, 'monitoring');
    assert.equal(baselineWindows, 100);
    assert.ok(tau < 2);
  }
});

test('an offset is found in its feature alone, named, measured and dated', () => {
  const { found } = run(12, [
    [150, {}],
    [10, { offset: -0.8 }],
  ]);
  assert.equal(found.length, 1);
  const [{ window, finding } = assert.fail()] = found;
  assert.ok(window > 150 && window <= 153, `window ${window}`);
  assert.ok(finding.kind === 'drift');
  assert.equal(finding.feature, 'level');
  assert.equal(finding.pattern, 'offset');
  assert.equal(finding.direction, 'down');
  assert.ok(Math.abs((finding.effects.offsetSd?.value ?? 0) + 0.8) < 0.25);
  assert.ok(Math.abs(finding.since.sequence - 151) <= 1);
  assert.ok(finding.logM >= finding.logThreshold);
  assert.equal(finding.referenceCounts.length, 20);
  assert.equal(
    finding.currentCounts.reduce((sum, count) => sum + count, 0),
    100 * finding.windows,
  );
});

test('an alarm is raised once, ends when the change has gone, and can be raised again', () => {
  const drifted: Sensor = { offset: 1 };
  const { found } = run(13, [
    [120, {}],
    [40, drifted],
    [200, {}],
    [10, drifted],
  ]);
  const offsets = found.filter(({ finding }) => finding.kind === 'drift');
  assert.deepEqual(
    offsets.map(({ window }) => (window > 360 ? 'second' : 'first')),
    ['first', 'second'],
  );
});

test('a shift of the predicted classes is found in the prediction table', () => {
  const { found } = run(14, [
    [120, {}],
    [10, { classShares: [0.7, 0.2] }],
  ]);
  assert.deepEqual(
    found.map(({ finding }) => finding.feature),
    ['prediction'],
  );
});

test('a device that starts broken alarms against the reference while it learns', () => {
  const { monitor, state, found } = run(15, [[150, { offset: 4 }]]);
  const [{ window, finding } = assert.fail()] = found;
  assert.ok(window <= 15, `window ${window}`);
  assert.ok(finding.kind === 'drift' && finding.against === 'reference');
  // What alarms is not taken for normal.
  assert.equal(monitor.status(state)[0]?.phase, 'learning');
});

test('faults are named for what they are within five windows', () => {
  const faults: readonly [Sensor, Finding['pattern']][] = [
    [{ stuckAt: 0.3 }, 'stuck'],
    [{ absent: 0.4 }, 'dropout'],
    [{ nan: 0.4 }, 'not-a-number'],
    [{ offset: 1.5, rail: 2 }, 'saturation'],
  ];
  for (const [sensor, pattern] of faults) {
    const { found } = run(16, [
      [110, {}],
      [12, sensor],
    ]);
    const named = found.find(({ finding }) => finding.pattern === pattern);
    assert.ok(named && named.window <= 115, `${pattern} at ${named?.window}`);
    assert.equal(named.finding.kind, 'validation');
    // Only a rail moves values before it can be told from an offset.
    assert.equal(found.length, pattern === 'saturation' ? 2 : 1, pattern);
  }
});

test('late and malformed windows change nothing', () => {
  const monitor = aMonitor();
  const random = createRandom(17);
  const { state } = monitor.observe(monitor.createState(), aWindow(random, 5));
  for (const sequence of [5, 4]) {
    const observation = monitor.observe(state, aWindow(random, sequence));
    assert.equal(observation.outcome, 'late');
    assert.equal(observation.state, state);
  }
  const { features } = aWindow(random, 6);
  const short = { ...aWindow(random, 6), features: features.slice(1) };
  assert.equal(monitor.observe(state, short).outcome, 'malformed');
  const newEpoch = { ...aWindow(random, 1), epoch: 2 };
  assert.equal(monitor.observe(state, newEpoch).outcome, 'tested');
});

test('a state that went through JSON continues exactly as it would have', () => {
  const monitor = aMonitor();
  for (const windows of [60, 130]) {
    const { state } = run(18, [[windows, {}]], monitor);
    const restored = JSON.parse(JSON.stringify(state));
    assert.deepEqual(restored, state);
    const next = aWindow(createRandom(19), windows + 1, { offset: 2 });
    assert.deepEqual(monitor.observe(restored, next), monitor.observe(state, next));
  }
});

test('without a threshold the line follows the budget of false alarms per device-year', () => {
  const monitor = createDeviceMonitor({
    features: ['a', 'b'].map((name) => ({ name, cohorts: [normalReference] })),
    predictions: { classes: 3, cohorts: [predictionReference] },
    falseAlarmsPerDeviceYear: 0.1,
  });
  const { state } = run(20, [[3, {}]], monitor);
  const line = Math.exp(monitor.status(state)[0]?.logThreshold ?? 0);
  const windowsPerYear = (365.25 * 86_400) / 20;
  assert.ok(Math.abs(line / ((3 * windowsPerYear) / 0.1) - 1) < 1e-9);
});

test('a device like any one of the cohorts is normal from its first window', () => {
  const offsetCohort = normalReference.map((_, bin) => (bin === 19 ? 10_000 : 1));
  const cohorts = [normalReference, offsetCohort];
  const features = [
    { name: 'level', cohorts },
    { name: 'noise', cohorts: [normalReference] },
  ];
  const { monitor, state, found } = run(22, [[110, { offset: 5 }]], aMonitor({ features }));
  assert.deepEqual(found, []);
  assert.equal(monitor.status(state)[0]?.phase, 'monitoring');
});

test('a stored state of another version or another bundle is not accepted', () => {
  const monitor = aMonitor();
  const state = monitor.createState();
  assert.equal(monitor.accepts(JSON.parse(JSON.stringify(state))), true);
  assert.equal(monitor.accepts({ ...state, version: 2 }), false);
  assert.equal(monitor.accepts({ ...state, features: [] }), false);
  assert.equal(monitor.accepts({ ...state, predictions: null }), false);
  assert.equal(monitor.accepts(null), false);
});

test('a cache too small for its devices changes the cost, not the outcome', () => {
  const phases = [
    [110, {}],
    [4, { offset: 1 }],
  ] as const;
  const large = run(23, phases);
  const small = run(23, phases, aMonitor({ cachedTables: 1 }));
  assert.deepEqual(small.state, large.state);
  assert.deepEqual(small.found, large.found);
});
