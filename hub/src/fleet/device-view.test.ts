import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BundleRef } from '@edgewise/protocol';
import { testState, testWindow } from '../testing/test-agent.test.fixture.ts';
import { createDeviceView, hasConverged } from './device-view.ts';
import type { DeviceRecord } from './fleet.ts';
import { percentilesOf } from './latency.ts';

const bundle: BundleRef = {
  model: 'digits',
  version: 1,
  deviceClass: 'x64',
  manifest: 'ab'.repeat(32),
  manifestSizeBytes: 1,
  signature: 'cd'.repeat(32),
  signatureSizeBytes: 1,
};
const record: DeviceRecord = {
  id: 'cam',
  publicKey: 'pem',
  deviceClass: 'x64',
  enrolledAtMs: 1,
  revoked: false,
  cloned: false,
  presence: { status: 'online', sinceMs: 2 },
  state: undefined,
  generation: 2,
  active: bundle,
  rollout: undefined,
};
const serving = (manifest: string, status: 'serving' | 'trial' = 'serving') => ({
  active: { bundle: { ...bundle, manifest }, status },
});

test('a device has converged when it serves the newest target, and only then', () => {
  const reports = (observedGeneration: number, slots: object) =>
    hasConverged({ ...record, state: testState('cam', { observedGeneration, slots }) });
  assert.equal(hasConverged(record), false);
  assert.equal(reports(2, serving(bundle.manifest)), true);
  assert.equal(reports(1, serving(bundle.manifest)), false);
  assert.equal(reports(2, serving(bundle.manifest, 'trial')), false);
  assert.equal(reports(2, serving('ef'.repeat(32))), false);
  assert.equal(reports(2, {}), false);
  assert.equal(hasConverged({ ...record, generation: 0, active: null }), true);
});

test('percentiles come from the buckets they fall into, in microseconds', () => {
  assert.equal(percentilesOf(new Map()), null);
  const buckets = new Map([
    [48, 5],
    [40, 90],
    [44, 5],
  ]);
  const { p50, p95, p99 } = percentilesOf(buckets) ?? { p50: 0, p95: 0, p99: 0 };
  assert.deepEqual(
    [p50, p95, p99],
    [40.5, 44.5, 48.5].map((bucket) => 2 ** (bucket / 4)),
  );
});

test('a device shows its newest window, a window its model and drift', async () => {
  const stored = {
    device: 'cam',
    receivedAtMs: 77,
    window: testWindow(3, {
      seen: 30,
      spanMs: 2000,
      predictions: new Map([
        [19, 3],
        [20, 1],
      ]),
    }),
  };
  const loss = { received: 3, missing: 0, dropped: 0, quarantined: 0 };
  const view = createDeviceView({
    telemetry: { windows: () => Promise.resolve([stored]), ledger: () => Promise.resolve(loss) },
    drift: {
      summary: () => Promise.resolve({ state: 'watching' }),
      ofWindow: (_, epoch, sequence) =>
        Promise.resolve({ state: 'alarm', logM: 10 * epoch + sequence }),
    },
    models: { byReference: () => Promise.resolve({ model: 'digits', version: 4 }) },
  });
  const device = await view.device(record);
  assert.equal(device.throughputPerSecond, 15);
  assert.equal(device.lastWindowAtMs, 77);
  assert.deepEqual(device.drift, { state: 'watching' });
  const window = await view.window(stored);
  assert.deepEqual([window.model, window.version, window.drift.logM], ['digits', 4, 73]);
  assert.deepEqual(window.classes, [3, 1]);
  assert.equal(window.confidence, (3 * 0.975 + 0.025) / 4);
});
