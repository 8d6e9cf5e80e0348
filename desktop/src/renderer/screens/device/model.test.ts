import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device, WindowSummary } from '@edgewise/protocol/http';
import { alarmFixtures } from '../../../testing/fixture-alarms.ts';
import {
  deviceFixtures,
  eventFixtures,
  profileFixtures,
  windowFixtures,
} from '../../../testing/fixture-devices.ts';
import { eventLevel, featureViews, marksOf, slotRows, windowColumns } from './model.ts';

const nowMs = 1_700_000_000_000;
const hall = deviceFixtures(nowMs).find((each) => each.id === 'hall-2') as Device;

test('windows become columns, oldest first, with throughput per second', () => {
  const columns = windowColumns(windowFixtures('hall-2', nowMs, 3));
  assert.equal(columns.xs.length, 3);
  assert.deepEqual(
    columns.xs.toSorted((a, b) => a - b),
    columns.xs,
  );
  assert.equal(columns.xs.at(-1), nowMs / 1000);
  const [newest] = windowFixtures('hall-2', nowMs, 1) as [WindowSummary];
  assert.equal(columns.perSecond.at(-1), (newest.seen * 1000) / newest.spanMs);
});

test('a long pause breaks the lines', () => {
  const [newest, , old] = windowFixtures('hall-2', nowMs, 3) as [
    WindowSummary,
    WindowSummary,
    WindowSummary,
  ];
  const columns = windowColumns([newest, { ...old, startMs: old.startMs - 20 * old.spanMs }]);
  assert.deepEqual(
    columns.p50.map((value) => value === null),
    [false, true, false],
  );
});

test('deployments and the alarms of this device are marks in the order of time', () => {
  const marks = marksOf(hall, eventFixtures('hall-2', nowMs), alarmFixtures(nowMs));
  assert.deepEqual(
    marks.map((mark) => [mark.kind, mark.label]),
    [
      ['deployment', 'digits 2'],
      ['alarm', 'alarm-7'],
    ],
  );
  const kitchen = deviceFixtures(nowMs).find((each) => each.id === 'kitchen-4') as Device;
  assert.deepEqual(marksOf(kitchen, [], alarmFixtures(nowMs)), []);
});

test('slots come active first, each with its certificate or without one', () => {
  const rows = slotRows(hall);
  assert.deepEqual(
    rows.map((row) => [row.role, row.version, row.status, row.parity?.vectors]),
    [
      ['active', 2, 'serving', 24],
      ['candidate', 3, 'installed', undefined],
      ['fallback', 1, 'proved', 24],
    ],
  );
  const { state: _, ...silent } = hall;
  assert.deepEqual(slotRows(silent), []);
});

test('features come with most evidence first, and the alarm line decides how they are seen', () => {
  const views = featureViews(profileFixtures('hall-2'), Math.log(10_000));
  assert.deepEqual(
    views.slice(0, 3).map((view) => [view.comparison.feature, view.level]),
    [
      ['contrast', 'act'],
      ['slant', 'watch'],
      ['brightness', 'well'],
    ],
  );
  assert.ok(
    featureViews(profileFixtures('hall-2'), undefined).every((view) => view.level === 'unknown'),
  );
});

test('errors and failed steps are to be acted on, dropped messages to be watched', () => {
  const event = (body: Parameters<typeof eventLevel>[0]['body']) =>
    eventLevel({ v: 1, epoch: 1, sequence: 1, atMs: 0, body });
  assert.equal(event({ kind: 'error', code: 'disk-full', detail: '' }), 'act');
  assert.equal(event({ kind: 'step', step: 'proveSlot', outcome: 'failed' }), 'act');
  assert.equal(event({ kind: 'dropped', class: 'window', first: 1, last: 2 }), 'watch');
  assert.equal(event({ kind: 'started', agentVersion: '1', previousExit: 'crash' }), 'watch');
  assert.equal(event({ kind: 'step', step: 'proveSlot', outcome: 'done' }), 'well');
});
