import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aFinding, anAlarm } from './an-alarm.test.fixture.ts';
import { raise } from './raise.ts';
import { alarmSentence } from './sentence.ts';

const raised = {
  ...{ model: 'digits', version: 1, watched: ['a', 'b', 'c'], nowMs: 5, id: 'alarm-9' },
  findings: [aFinding('a')],
};

test('the first finding opens an alarm that names who changed and who did not', () => {
  const record = raise(undefined, raised);
  assert.deepEqual(
    [record?.alarm.id, record?.alarm.devices, record?.alarm.unchanged, record?.alarm.status],
    ['alarm-9', ['a'], ['b', 'c'], 'open'],
  );
});

test('further findings join the open alarm', () => {
  const open = raise(undefined, raised);
  const next = raise(open, { ...raised, findings: [aFinding('b', { feature: 'spread' })] });
  assert.deepEqual(
    [next?.alarm.id, next?.alarm.devices, next?.alarm.unchanged],
    ['alarm-9', ['a', 'b'], ['c']],
  );
});

test('a finding that was raised before is no news', () => {
  assert.equal(raise(anAlarm(), raised), undefined);
});

test('the sentence tells feature, size, devices, since when, and on what evidence', () => {
  const { alarm } = anAlarm();
  assert.match(
    alarmSentence(alarm),
    /^Feature "mean" rose by 2\.0 sd and 1 more finding on a and b since \d\d:\d\d \(M about 10\^9, alarm at 8,103\)\. c did not change\.$/,
  );
});

test('a fault of the data comes before any drift in the sentence', () => {
  const findings = [
    aFinding('a', { logM: 500 }),
    aFinding('a', { pattern: 'stuck', feature: 'x' }),
  ];
  assert.match(alarmSentence({ findings, devices: ['a'], unchanged: [] }), /^Feature "x" is stuck/);
});
