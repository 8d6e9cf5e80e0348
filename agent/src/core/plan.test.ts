import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRef, aSlot, aTarget, someFacts, someRoles } from '../testing/builders.test.fixture.ts';
import { plan } from './plan.ts';
import type { Step } from './step.ts';

const names = (steps: readonly Step[]) => steps.map((step) => step.name);
const refusal = {
  manifest: aRef(2).manifest,
  code: 'parity-failed',
  detail: 'No.',
  atMs: 1,
} as const;

test('without a target nothing is planned', () => {
  assert.deepEqual(plan(someRoles(), undefined, someFacts()), []);
});

test('a new bundle goes through every station in order', () => {
  assert.deepEqual(names(plan(someRoles(), aTarget(1), someFacts())), [
    'downloadBundle',
    'verifyBundle',
    'installSlot',
    'proveSlot',
    'activateSlot',
  ]);
});

test('what is done already is not planned again', () => {
  const table = [
    [someFacts({ bundle: 'downloaded' }), someRoles(), 'verifyBundle'],
    [someFacts({ bundle: 'verified' }), someRoles(), 'installSlot'],
    [someFacts(), someRoles({ candidate: aSlot(1, { status: 'installed' }) }), 'proveSlot'],
    [someFacts(), someRoles({ candidate: aSlot(1, { status: 'proved' }) }), 'activateSlot'],
  ] as const;
  for (const [facts, roles, first] of table) {
    assert.equal(plan(roles, aTarget(1), facts)[0]?.name, first);
  }
});

test('a reached target needs no steps', () => {
  assert.deepEqual(plan(someRoles({ active: aSlot(1) }), aTarget(1), someFacts()), []);
});

test('a trial that runs is waited for, one that ended is acted upon', () => {
  const roles = someRoles({ active: aSlot(1, { status: 'trial' }) });
  const planned = (verdict: 'running' | 'passed' | 'failed') =>
    names(plan(roles, aTarget(1), someFacts({ trial: { verdict, detail: '' } })));
  assert.deepEqual(planned('running'), ['wait']);
  assert.deepEqual(planned('passed'), ['confirmSlot']);
  assert.deepEqual(planned('failed'), ['revertSlot']);
});

test('a failed trial ends even when the target asks for something else or has expired', () => {
  const roles = someRoles({ active: aSlot(1, { status: 'trial' }), fallback: aSlot(3) });
  const facts = someFacts({ nowMs: 2000, trial: { verdict: 'failed', detail: 'It crashes.' } });
  assert.deepEqual(names(plan(roles, aTarget(2), facts)), ['revertSlot']);
  assert.deepEqual(names(plan(roles, undefined, facts)), ['revertSlot']);
});

test('going back to the fallback needs no download', () => {
  const roles = someRoles({ active: aSlot(2), fallback: aSlot(1) });
  assert.deepEqual(plan(roles, aTarget(1), someFacts()), [
    { name: 'activateSlot', manifest: aRef(1).manifest, from: 'fallback' },
  ]);
});

test('a refused bundle is waited with, under the code of its refusal', () => {
  const roles = someRoles({ active: aSlot(1), refusals: [refusal] });
  assert.deepEqual(plan(roles, aTarget(2), someFacts()), [
    { name: 'wait', code: 'parity-failed', detail: 'No.' },
  ]);
});

test('a bundle for another device class is refused before anything is fetched', () => {
  const target = aTarget(1, { active: aRef(1, { deviceClass: 'arm64' }) });
  const [step] = plan(someRoles(), target, someFacts());
  assert.equal(step?.name === 'refuseBundle' && step.code, 'incompatible');
});

test('a device with a dot product runs the plainer build of its processor', () => {
  const [step] = plan(someRoles(), aTarget(1), someFacts({ deviceClass: 'x64-vnni' }));
  assert.equal(step?.name, 'downloadBundle');
});

test('an expired target forbids acting and never stops what serves', () => {
  const late = someFacts({ nowMs: 1001 });
  const roles = someRoles({ active: aSlot(1) });
  assert.deepEqual(names(plan(roles, aTarget(2), late)), ['wait']);
  assert.deepEqual(names(plan(roles, aTarget(null), late)), ['wait']);
  assert.deepEqual(plan(roles, aTarget(1), late), []);
});

test('a candidate of an older order leaves before the new one comes', () => {
  const roles = someRoles({ active: aSlot(1), candidate: aSlot(2, { status: 'installed' }) });
  assert.deepEqual(names(plan(roles, aTarget(3), someFacts())).slice(0, 2), [
    'removeSlot',
    'downloadBundle',
  ]);
});

test('a candidate that took the process down too often while it was proved is refused', () => {
  const roles = someRoles({ candidate: aSlot(1, { status: 'installed', attempts: 3 }) });
  const [step] = plan(roles, aTarget(1), someFacts());
  assert.equal(step?.name === 'refuseBundle' && step.code, 'trial-failed');
});

test('when nothing is to serve every slot is vacated', () => {
  const roles = someRoles({ active: aSlot(1), fallback: aSlot(2) });
  assert.deepEqual(names(plan(roles, aTarget(null), someFacts())), ['removeSlot', 'removeSlot']);
});
