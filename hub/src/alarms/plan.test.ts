import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rollout, Run } from '@edgewise/protocol/http';
import { defaultPolicies } from '../registry/policies.ts';
import { aVersion } from '../testing/a-version.test.fixture.ts';
import { aFinding, anAlarm, someLabels } from './an-alarm.test.fixture.ts';
import { apply } from './apply.ts';
import { planRenewal, renewalRules } from './plan.ts';
import type { RenewalFacts } from './renewal-facts.ts';
import type { Step, StepName } from './step.ts';

const policies = { ...defaultPolicies, autoRetrain: true };

function facts(change: Partial<RenewalFacts> = {}): RenewalFacts {
  return {
    ...{ nowMs: 60_000, policies, version: aVersion(1), labels: someLabels(0, 0) },
    ...{ online: new Set(['a', 'b', 'c']), run: undefined, challenger: undefined },
    ...{ rollout: undefined, ...change },
  };
}

const plan = (record: Parameters<typeof planRenewal>[0], now: RenewalFacts) =>
  planRenewal(record, now, renewalRules);
const names = (steps: readonly Step[]) => steps.map(({ name }) => name);

function only<N extends StepName>(steps: readonly Step[], name: N): Extract<Step, { name: N }> {
  const found = steps.filter((step) => step.name === name);
  assert.equal(found.length, 1, `one ${name} in ${names(steps).join(', ')}`);
  return found[0] as Extract<Step, { name: N }>;
}

const asks = ['a', 'b'].map((device) => ({
  ...{ device, random: 250, uncertain: 250, status: 'sent' as const, triedAtMs: 1 },
}));
const labelling = anAlarm({ status: 'labelling', labelsAsked: 1000 }, { asks });
const aRun = { id: 'run-2', status: 'done', version: 2, error: null } as Run;

test('drift asks for labels: half at random, split among the devices that drifted', () => {
  const { asks: asked } = only(plan(anAlarm(), facts()), 'request');
  assert.deepEqual(asked, [
    { device: 'a', random: 250, uncertain: 250 },
    { device: 'b', random: 250, uncertain: 250 },
  ]);
});

test('devices that drift together are gathered before anybody is asked', () => {
  assert.deepEqual(plan(anAlarm(), facts({ nowMs: 4999 })), []);
});

test('a fault of the data asks for no labels and is said once', () => {
  const stuck = anAlarm({ findings: [aFinding('a', { pattern: 'stuck' })] });
  const step = only(plan(stuck, facts()), 'decide');
  assert.match(step.sentence, /repair the sensor/);
  assert.deepEqual(plan(apply(stuck, step, { nowMs: 1 }), facts()), []);
});

test('a device that is away is asked when it comes, one that did not answer after a pause', () => {
  const pending = asks.map((ask) => ({ ...ask, status: 'pending' as const, triedAtMs: null }));
  const record = { ...labelling, asks: pending };
  const now = facts({ online: new Set(['b']) });
  assert.equal(only(plan(record, now), 'capture').device, 'b');
  const tried = { ...record, asks: pending.map((ask) => ({ ...ask, triedAtMs: 50_000 })) };
  assert.deepEqual(plan(tried, now), []);
  assert.deepEqual(names(plan(tried, facts({ nowMs: 70_000 }))), ['capture', 'capture']);
});

test('labels that are still coming decide nothing', () => {
  const some = someLabels(200, 60, { changedAtMs: 59_000 });
  assert.deepEqual(names(plan(labelling, facts({ labels: some }))), ['count']);
});

test('lost accuracy retrains once nine tenths of the labels are in', () => {
  const steps = plan(labelling, facts({ labels: someLabels(450, 110) }));
  const { sentence, randomLabels } = only(steps, 'retrain');
  assert.equal(randomLabels, 450);
  assert.match(sentence, /on 450 random labels the error is at least \d+\.\d %/);
});

test('fewer labels are enough when none waits and none has come for a while', () => {
  const labels = someLabels(300, 90, { changedAtMs: 55_000 });
  assert.deepEqual(names(plan(labelling, facts({ labels }))), ['count']);
  assert.ok(names(plan(labelling, facts({ labels, nowMs: 65_000 }))).includes('retrain'));
});

test('nobody waits for samples that two devices have in common', () => {
  const labels = someLabels(300, 90, { changedAtMs: 59_000, handled: 1000 });
  assert.ok(names(plan(labelling, facts({ labels }))).includes('retrain'));
  const waiting = { ...labels, received: 601 };
  assert.deepEqual(names(plan(labelling, facts({ labels: waiting }))), ['count']);
});

test('too few labels for the gate never retrain by themselves', () => {
  const labels = someLabels(150, 60, { gate: 75, changedAtMs: 0 });
  assert.deepEqual(names(plan(labelling, facts({ labels }))), ['count']);
});

test('a change that costs no accuracy is closed, and its devices learn a new normal', () => {
  const steps = plan(labelling, facts({ labels: someLabels(450, 9) }));
  const { status, relearn } = only(steps, 'close');
  assert.deepEqual([status, relearn], ['resolved', true]);
});

test('without the policy a person is told, once', () => {
  const now = facts({ labels: someLabels(450, 110), policies: defaultPolicies });
  const steps = plan(labelling, now);
  const { sentence } = only(steps, 'decide');
  assert.match(sentence, /leaves it to you/);
  const told = steps.reduce((record, step) => apply(record, step, { nowMs: 1 }), labelling);
  assert.deepEqual(plan(told, now), []);
});

test('the accuracy has bounds that enclose it', () => {
  const { accuracy, given } = only(
    plan(labelling, facts({ labels: someLabels(400, 100) })),
    'count',
  );
  assert.equal(given, 800);
  assert.ok(accuracy && accuracy.lower < 0.75 && 0.75 < accuracy.upper);
  assert.ok(accuracy.lower > 0.6 && accuracy.upper < 0.9);
});

test('what passed its gate is rolled out; what did not is not', () => {
  const retraining = anAlarm({ status: 'retraining', run: 'run-2', labelsGiven: 0 });
  const passed = facts({ run: aRun, challenger: aVersion(2) });
  assert.equal(only(plan(retraining, passed), 'rollOut').version, 2);
  for (const verdict of ['hold', 'fail'] as const) {
    const challenger = aVersion(2, { gate: { verdict, checks: [] } });
    const step = only(plan(retraining, facts({ run: aRun, challenger })), 'judge');
    assert.equal(step.status, 'labelling');
  }
});

test('a retraining that failed goes back to the labels and waits before the next', () => {
  const failed = { ...aRun, status: 'failed', version: null } as Run;
  const retraining = anAlarm(
    { status: 'retraining', run: 'run-2', labelsAsked: 1000 },
    { asks, attempt: { startedAtMs: 59_000, randomLabels: 450 } },
  );
  const now = facts({ run: failed });
  const back = apply(retraining, only(plan(retraining, now), 'judge'), { nowMs: 1 });
  const steps = plan(back, facts({ run: failed, labels: someLabels(450, 110) }));
  assert.match(only(steps, 'decide').sentence, /too fresh/);
});

test('an alarm ends with its rollout, and stays open when that was stopped', () => {
  const rolling = anAlarm({ status: 'rolling-out', rollout: 'rollout-1' });
  const rollout = { version: 2, status: 'done', reason: null } as Rollout;
  assert.deepEqual(plan(rolling, facts({ rollout: { ...rollout, status: 'running' } })), []);
  assert.equal(only(plan(rolling, facts({ rollout })), 'close').status, 'resolved');
  const stopped = { ...rollout, status: 'stopped', reason: 'a refused it.' } as Rollout;
  assert.equal(only(plan(rolling, facts({ rollout: stopped })), 'close').status, 'open');
});

test('what a person rolled out resolves the alarm as well', () => {
  const retraining = anAlarm({ status: 'retraining', run: 'run-2' });
  const rollout = { id: 'rollout-7', version: 2, status: 'done' } as Rollout;
  const now = facts({ run: aRun, challenger: aVersion(2), policies: defaultPolicies });
  const told = apply(retraining, only(plan(retraining, now), 'judge'), { nowMs: 1 });
  assert.deepEqual(plan(told, now), []);
  assert.equal(only(plan(told, { ...now, rollout }), 'rollOut').version, 2);
});
