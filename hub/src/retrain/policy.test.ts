import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideRetraining, type RetrainFacts } from './policy.ts';

const hourMs = 3_600_000;
const policy = { acceptedError: 0.02 };

function facts(changes: Partial<RetrainFacts> = {}): RetrainFacts {
  return {
    nowMs: 100 * hourMs,
    trainedAtMs: 0,
    faults: [],
    drifts: [],
    randomLabels: [],
    served: [],
    ...changes,
  };
}

function errorsEvery(step: number, count: number): boolean[] {
  return Array.from({ length: count }, (_, index) => index % step === 0);
}

test('all is well: nothing is decided', () => {
  assert.deepEqual(decideRetraining(facts(), policy), []);
});

test('a fault puts the device aside and never retrains', () => {
  const faults = [{ deviceId: 'a', feature: 'level', pattern: 'stuck' }];
  assert.deepEqual(decideRetraining(facts({ faults }), policy), [
    { kind: 'quarantine', deviceId: 'a', faults: [{ feature: 'level', pattern: 'stuck' }] },
  ]);
});

test('drift asks for labels, half of them random, within the budget, and does not retrain', () => {
  const drifts = [{ alarmId: 'alarm-1', devices: ['a', 'b', 'c'], isAnswered: false }];
  assert.deepEqual(decideRetraining(facts({ drifts }), policy), [
    {
      kind: 'request-labels',
      alarmId: 'alarm-1',
      requests: ['a', 'b', 'c'].map((deviceId) => ({ deviceId, random: 167, lowestMargin: 166 })),
    },
  ]);
});

test('the label budget is capped at 1,000, and an alarm is answered once', () => {
  const drifts = [{ alarmId: 'alarm-1', devices: ['a'], isAnswered: false }];
  const [decision] = decideRetraining(facts({ drifts }), { ...policy, labelBudget: 5000 });
  assert.ok(decision?.kind === 'request-labels');
  assert.deepEqual(decision.requests, [{ deviceId: 'a', random: 500, lowestMargin: 500 }]);
  const answered = drifts.map((drift) => ({ ...drift, isAnswered: true }));
  assert.deepEqual(decideRetraining(facts({ drifts: answered }), policy), []);
});

test('a device with a fault is not asked for labels', () => {
  const decisions = decideRetraining(
    facts({
      faults: [{ deviceId: 'a', feature: 'level', pattern: 'stuck' }],
      drifts: [{ alarmId: 'alarm-1', devices: ['a', 'b'], isAnswered: false }],
    }),
    policy,
  );
  const request = decisions.find((decision) => decision.kind === 'request-labels');
  assert.deepEqual(
    request?.requests.map(({ deviceId }) => deviceId),
    ['b'],
  );
});

test('errors that are surely above the margin retrain; a few that may be chance do not', () => {
  const [decision] = decideRetraining(facts({ randomLabels: errorsEvery(4, 200) }), policy);
  assert.ok(decision?.kind === 'retrain' && decision.reason.because === 'error');
  assert.ok(decision.reason.lowerBound > decision.reason.tolerated);
  assert.deepEqual(decideRetraining(facts({ randomLabels: errorsEvery(25, 200) }), policy), []);
});

test('staleness that costs more than retraining retrains', () => {
  const cost = { perError: 0.01, perRetraining: 50 };
  const span = { predictions: 100_000, excessError: 0.02 };
  const once = decideRetraining(facts({ served: [span] }), { ...policy, cost });
  assert.deepEqual(once, []);
  const [decision] = decideRetraining(facts({ served: [span, span, span] }), { ...policy, cost });
  assert.ok(decision?.kind === 'retrain' && decision.reason.because === 'cost');
  assert.equal(Math.round(decision.reason.stalenessCost), 60);
});

test('a model past its age is retrained', () => {
  const [decision] = decideRetraining(facts(), { ...policy, maxAgeMs: 99 * hourMs });
  assert.ok(decision?.kind === 'retrain' && decision.reason.because === 'age');
});

test('a second attempt waits for the cool-down and for new labels', () => {
  const randomLabels = errorsEvery(4, 200);
  const attempted = (startedAtMs: number, labels: number) =>
    decideRetraining(
      facts({ randomLabels, lastAttempt: { startedAtMs, randomLabels: labels } }),
      policy,
    )[0];
  const cooling = attempted(99.5 * hourMs, 50);
  assert.ok(cooling?.kind === 'wait' && cooling.reason.because === 'cool-down');
  const same = attempted(90 * hourMs, 150);
  assert.ok(same?.kind === 'wait' && same.reason.because === 'same-evidence');
  assert.equal(same.reason.newLabels, 50);
  assert.equal(attempted(90 * hourMs, 100)?.kind, 'retrain');
});
