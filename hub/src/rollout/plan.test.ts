import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rollout } from '@edgewise/protocol/http';
import { aVersion } from '../testing/a-version.test.fixture.ts';
import { aDevice } from '../testing/memory-fleet.test.fixture.ts';
import { composeRollout } from './compose.ts';
import type { DeviceFacts } from './device-facts.ts';
import { plan, type RolloutFacts, type RolloutRules } from './plan.ts';

const rules: RolloutRules = {
  ...{ toleratedFailures: 0.1, patienceMs: 600, firstWavePatienceMs: 60, awayAfterMs: 30 },
};
const names = ['a', 'b', 'c'];
const { rollout: begun, bundles } = composeRollout(
  aVersion(2),
  names.map((name) => aDevice(name)),
  { id: 'rollout-1', nowMs: 0 },
);
const wanted = bundles.a?.manifest ?? '';

function facts(
  devices: Readonly<Record<string, Partial<DeviceFacts>>> = {},
  nowMs = 0,
): RolloutFacts {
  const known = names.map((device): [string, DeviceFacts] => [
    device,
    {
      ...{
        device,
        isOnline: true,
        sinceMs: 0,
        isRevoked: false,
        target: undefined,
        rollout: undefined,
      },
      ...{ serving: undefined, refusals: [], ...devices[device] },
    },
  ]);
  const all = new Map(Object.entries(bundles));
  return { devices: new Map(known), bundles: all, nowMs, changedAtMs: 0 };
}

function rolloutWith(
  statuses: readonly Rollout['devices'][number]['status'][],
  change: Partial<Rollout> = {},
): Rollout {
  const devices = begun.devices.map((row, at) => ({ ...row, status: statuses[at] ?? 'waiting' }));
  return { ...begun, ...change, devices };
}

const ordered = { target: wanted, rollout: 'rollout-1' };
const refusal = {
  manifest: wanted,
  code: 'parity-failed',
  detail: 'It differs.',
  atMs: 1,
} as const;
const namesOf = (steps: readonly { readonly name: string; readonly device?: string }[]) =>
  steps.map(({ name, device }) => [name, device].filter(Boolean).join(' '));

test('one device goes first', () => {
  assert.deepEqual(namesOf(plan(begun, facts(), rules)), ['order a']);
});

test('the rest follows once the first one serves', () => {
  const now = facts({ a: { ...ordered, serving: wanted } });
  const steps = plan(rolloutWith(['ordered']), now, rules);
  assert.deepEqual(namesOf(steps), ['note a', 'order b', 'order c']);
});

test('a refusal of the first device stops everything and takes its order back', () => {
  const now = facts({ a: { ...ordered, refusals: [refusal] } });
  const steps = plan(rolloutWith(['ordered']), now, rules);
  assert.deepEqual(namesOf(steps), ['note a', 'withdraw a', 'finish']);
  assert.deepEqual(steps.at(-1), {
    ...{ name: 'finish', status: 'stopped', reason: 'a of the first wave refused it.' },
  });
});

test('a failed trial counts as reverted', () => {
  const now = facts({ a: { ...ordered, refusals: [{ ...refusal, code: 'trial-failed' }] } });
  const [note] = plan(rolloutWith(['ordered']), now, rules);
  assert.equal(note?.name === 'note' && note.status, 'reverted');
});

test('a failure in the second wave takes back what was not followed yet', () => {
  const now = facts({
    a: { ...ordered, serving: wanted },
    b: { ...ordered, refusals: [refusal] },
    c: ordered,
  });
  const steps = plan(rolloutWith(['serving', 'ordered', 'ordered']), now, rules);
  assert.deepEqual(namesOf(steps), ['note b', 'withdraw b', 'withdraw c', 'finish']);
});

test('a device that is away does not hold the others up', () => {
  const away = { ...ordered, isOnline: false };
  assert.deepEqual(plan(rolloutWith(['ordered']), facts({ a: away }, 29), rules), []);
  const steps = plan(rolloutWith(['ordered']), facts({ a: away }, 30), rules);
  assert.deepEqual(namesOf(steps), ['advance b', 'order b']);
});

test('a device that is stuck does not hold the others up for long', () => {
  const stuck = rolloutWith(['ordered']);
  assert.deepEqual(plan(stuck, facts({ a: ordered }, 59), rules), []);
  const late = plan(stuck, facts({ a: ordered }, 60), rules);
  assert.deepEqual(namesOf(late), ['advance b', 'order b']);
});

test('a rollout ends while a device is away, and notes it when it comes', () => {
  const serving = { ...ordered, serving: wanted };
  const devices = { a: serving, b: serving, c: { ...ordered, isOnline: false } };
  const running = rolloutWith(['serving', 'serving', 'ordered']);
  assert.deepEqual(plan(running, facts(devices, 29), rules), []);
  const steps = plan(running, facts(devices, 30), rules);
  assert.deepEqual(namesOf(steps), ['finish']);
  const done = rolloutWith(['serving', 'serving', 'ordered'], { status: 'done' });
  const back = plan(done, facts({ ...devices, c: serving }), rules);
  assert.deepEqual(namesOf(back), ['note c']);
});

test('an order of a later rollout ends the wait for a device', () => {
  const now = facts({ a: { target: 'other', rollout: 'rollout-2' } });
  const [note] = plan(rolloutWith(['ordered']), now, rules);
  assert.equal(note?.name === 'note' && note.status, 'skipped');
});

test('an order that was given before a crash is noted, not given again', () => {
  assert.deepEqual(plan(begun, facts({ a: ordered }), rules), [
    { name: 'note', device: 'a', status: 'ordered' },
  ]);
});

test('a device without a variant is skipped with its reason', () => {
  const odd = [aDevice('phone', { deviceClass: 'web-wasm' }), aDevice('z')];
  const { rollout } = composeRollout(aVersion(2), odd, { id: 'r', nowMs: 0 });
  const [phone, other] = rollout.devices;
  assert.equal(phone?.status, 'skipped');
  assert.match(phone?.detail ?? '', /no variant for web-wasm/);
  assert.deepEqual([other?.status, other?.wave], ['waiting', 1]);
});

test('a processor without its own variant takes the plainer one', () => {
  const version = aVersion(2);
  const variants = version.variants.filter(({ deviceClass }) => deviceClass === 'x64');
  const record = composeRollout({ ...version, variants }, [aDevice('a')], { id: 'r', nowMs: 0 });
  assert.equal(record.bundles.a?.deviceClass, 'x64');
});
