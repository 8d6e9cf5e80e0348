import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hours, type SignInClaims, seconds } from '@edgewise/protocol';
import { createInstances } from './instances.ts';
import { createUsedTokens, judgeClaims } from './sign-in-rules.ts';

const nowMs = 1_800_000_000_000;
const context = { device: 'cam', hub: 'hub-1', nowMs, startedAtMs: nowMs - hours(2) };
const fresh: SignInClaims = {
  sub: 'cam',
  aud: 'hub-1',
  iat: nowMs / 1000,
  exp: nowMs / 1000 + 60,
  jti: '0123456789abcdef',
  instance: 'i',
};
const codeOf = (changed: Partial<SignInClaims>, changedContext: Partial<typeof context> = {}) =>
  judgeClaims({ ...fresh, ...changed }, { ...context, ...changedContext })?.code;
const at = (ms: number, lifeS = 60) => ({ iat: ms / 1000, exp: ms / 1000 + lifeS });

test('a fresh token of this device for this hub holds', () => {
  assert.equal(codeOf({}), undefined);
  assert.equal(codeOf(at(nowMs + seconds(59))), undefined);
  assert.equal(codeOf(at(nowMs - seconds(119))), undefined);
});

test('each wrong claim has its own code', () => {
  assert.equal(codeOf({ sub: 'other' }), 'forbidden');
  assert.equal(codeOf({ aud: 'hub-2' }), 'wrong-audience');
  assert.equal(codeOf(at(nowMs, 301)), 'invalid-argument');
  assert.equal(codeOf(at(nowMs, -1)), 'invalid-argument');
  assert.equal(codeOf(at(nowMs + hours(1))), 'clock-skew');
  assert.equal(codeOf(at(nowMs - hours(1))), 'expired');
  assert.equal(codeOf(at(nowMs - seconds(1)), { startedAtMs: nowMs }), 'expired');
});

test('a token id is used once, and forgotten only when its token can no longer be used', () => {
  const used = createUsedTokens();
  assert.equal(used.use('a', nowMs + 1000, nowMs), true);
  assert.equal(used.use('a', nowMs + 1000, nowMs), false);
  assert.equal(used.use('a', nowMs + 1000, nowMs + seconds(61)), false);
  assert.equal(used.use('a', nowMs + seconds(200), nowMs + seconds(130)), true);
});

test('a new process takes over; a replaced one that returns is a clone', () => {
  const instances = createInstances();
  assert.equal(instances.admit('cam', 'a'), 'first');
  assert.equal(instances.admit('cam', 'a'), 'same');
  assert.equal(instances.admit('cam', 'b'), 'replaces');
  assert.equal(instances.admit('cam', 'a'), 'cloned');
  assert.equal(instances.admit('cam', 'b'), 'same');
  assert.equal(instances.admit('other', 'a'), 'first');
});
