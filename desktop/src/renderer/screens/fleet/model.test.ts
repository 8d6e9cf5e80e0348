import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '@edgewise/protocol/http';
import { deviceFixtures } from '../../../testing/fixture-devices.ts';
import { countLevels, fleetRow, fleetRows, fleetThroughput } from './model.ts';

const nowMs = 1_700_000_000_000;
const devices = deviceFixtures(nowMs);
const known = (id: string): Device => {
  const device = devices.find((each) => each.id === id);
  assert.ok(device);
  return device;
};

test('a silent device is unknown, not bad, even when it drifted before', () => {
  const silent = { ...known('hall-2'), presence: { status: 'offline' as const, sinceMs: nowMs } };
  assert.equal(fleetRow(silent).level, 'unknown');
  assert.equal(fleetRow(silent).remarks[0].kind, 'silent');
});

test('a drift alarm says act and names the feature', () => {
  const row = fleetRow(known('hall-2'));
  assert.equal(row.level, 'act');
  assert.deepEqual(row.remarks[0], { level: 'act', kind: 'drift', detail: 'contrast' });
});

test('a refusal counts only for the bundle that is wanted now', () => {
  const attic = { ...known('attic-6'), presence: { status: 'online' as const, sinceMs: nowMs } };
  assert.deepEqual(fleetRow(attic).remarks[0], {
    level: 'act',
    kind: 'refused',
    detail: 'parity-failed',
  });
  const moved = { ...attic, target: known('gate-1').target };
  assert.ok(fleetRow(moved).remarks.every((remark) => remark.kind !== 'refused'));
});

test('a cloned card is worse than losses, and a device without remarks is well', () => {
  assert.equal(fleetRow({ ...known('lab-5'), cloned: true }).remarks[0].kind, 'cloned');
  assert.equal(fleetRow(known('lab-5')).level, 'watch');
  assert.deepEqual(fleetRow(known('kitchen-4')).remarks, [{ level: 'well', kind: 'working' }]);
});

test('rows stand in the order act, watch, unknown, well, and then by name', () => {
  assert.deepEqual(
    fleetRows(devices, {}).map((row) => row.device.id),
    ['hall-2', 'hall-3', 'lab-5', 'attic-6', 'gate-1', 'kitchen-4'],
  );
});

test('every word of the filter must occur, and the state filter is exact', () => {
  assert.deepEqual(
    fleetRows(devices, { q: 'hall digits' }).map((row) => row.device.id),
    ['hall-2', 'hall-3'],
  );
  assert.deepEqual(
    fleetRows(devices, { q: 'VNNI' }).map((row) => row.device.id),
    ['lab-5'],
  );
  assert.deepEqual(
    fleetRows(devices, { state: 'unknown' }).map((row) => row.device.id),
    ['attic-6'],
  );
});

test('levels add up to the fleet', () => {
  assert.deepEqual(countLevels(devices.map(fleetRow)), { act: 2, watch: 1, unknown: 1, well: 2 });
});

test('throughput counts connected devices only, and is unknown when none says it', () => {
  assert.ok(Math.abs((fleetThroughput(devices) ?? 0) - 189.4) < 1e-9);
  assert.equal(fleetThroughput([known('attic-6')]), null);
});
