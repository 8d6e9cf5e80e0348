import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alarm } from '@edgewise/protocol/http';
import { alarmFixtures } from '../../../testing/fixture-alarms.ts';
import { deviceFixtures } from '../../../testing/fixture-devices.ts';
import {
  accuracyView,
  alarmOrder,
  driftFigures,
  driftLevel,
  evidenceUntilMs,
  findingOrder,
  labelProgress,
  watchOrder,
} from './model.ts';

const nowMs = 1_700_000_000_000;
const [open, resolved] = alarmFixtures(nowMs) as [Alarm, Alarm];

test('open alarms come first, then the newest', () => {
  const newer: Alarm = { ...resolved, id: 'alarm-9', openedAtMs: nowMs };
  assert.deepEqual(
    alarmOrder([resolved, newer, open]).map((alarm) => alarm.id),
    ['alarm-7', 'alarm-9', 'alarm-6'],
  );
});

test('findings come with most evidence first', () => {
  assert.deepEqual(
    findingOrder(open.findings).map((finding) => finding.logM),
    [10.6, 9.9, 9.4],
  );
});

test('missing labels never go below zero', () => {
  assert.equal(labelProgress(open).missing, 142);
  assert.equal(labelProgress({ ...open, labelsGiven: 300 }).missing, 0);
});

test('accuracy is unknown without labels, else an estimate inside its bounds', () => {
  assert.equal(accuracyView({ ...open, accuracy: null }), undefined);
  assert.equal(
    accuracyView({ ...open, accuracy: { right: 0, of: 0, lower: 0, upper: 1 } }),
    undefined,
  );
  const view = accuracyView(open);
  assert.ok(view && view.lower < view.estimate && view.estimate < view.upper);
});

test('devices are ranked by evidence, those without any last', () => {
  const ids = watchOrder(deviceFixtures(nowMs)).map((device) => device.id);
  assert.deepEqual(ids.slice(0, 2).toSorted(), ['hall-2', 'hall-3']);
  assert.equal(ids.at(-1), 'gate-1');
});

test('a silent device is unknown to the monitor, unless it went in alarm', () => {
  const levels = Object.fromEntries(
    deviceFixtures(nowMs).map((device) => [device.id, driftLevel(device)]),
  );
  assert.deepEqual(levels, {
    'gate-1': 'unknown',
    'hall-2': 'act',
    'hall-3': 'act',
    'kitchen-4': 'well',
    'lab-5': 'well',
    'attic-6': 'unknown',
  });
});

test('the headline counts open alarms and their missing labels only', () => {
  assert.deepEqual(driftFigures([open, resolved], deviceFixtures(nowMs)), {
    open: 1,
    drifting: 2,
    watched: 5,
    learning: 1,
    labelsMissing: 142,
  });
});

test('evidence is shown until some windows after the alarm, however slow they come', () => {
  const finding = {
    ...open.findings[0],
    sinceMs: nowMs - 90_000,
    windows: 3,
  } as Alarm['findings'][number];
  const slow: Alarm = { ...open, openedAtMs: nowMs, findings: [finding] };
  assert.equal(evidenceUntilMs(slow), nowMs + 30 * 30_000);
  assert.equal(evidenceUntilMs({ ...slow, findings: [] }), nowMs + 30_000);
});
