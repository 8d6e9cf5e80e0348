import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { verifyEnvelope } from '@edgewise/models/bundle';
import { createVerifier, fingerprintOf, generateKey } from '@edgewise/models/crypto';
import {
  type Enrolment,
  type HubIdentity,
  hours,
  type PayloadKind,
  payloadTypes,
  type SignedEnvelope,
  type TimeAnswer,
} from '@edgewise/protocol';
import { secretOf } from '../testing/test-agent.test.fixture.ts';
import { startTestHub, type TestHub, withCode } from '../testing/test-hub.test.fixture.ts';
import { openIdentity } from './adapters/open-identity.ts';

const nonce = '0123456789abcdef';

async function open<T>(hub: TestHub, kind: PayloadKind, envelope: SignedEnvelope): Promise<T> {
  const keys = [createVerifier(hub.identity.signer.publicKeyPem)];
  const payload = await verifyEnvelope(envelope, payloadTypes[kind], keys);
  return JSON.parse(new TextDecoder().decode(payload)) as T;
}

function enrol(hub: TestHub, token: string, publicKey: string, device?: string) {
  return hub.enrolments.enrol({
    v: 1,
    secret: secretOf(token),
    publicKey,
    deviceClass: 'arm64',
    agentVersion: '1.0.0',
    ...(device !== undefined && { device }),
  });
}

test('a device gets its name, the broker and the keys; the same key may ask again', async () => {
  await using hub = await startTestHub();
  const { publicKeyPem } = generateKey();
  const { token, expiresAtMs } = await hub.enrolments.createToken();
  assert.ok(expiresAtMs > hub.clock.now() + hours(23));
  const answer = await enrol(hub, token, publicKeyPem, 'cam');
  const first = await open<Enrolment>(hub, 'enrolment', answer);
  assert.equal(first.device, 'cam');
  assert.equal(first.publicKey, publicKeyPem);
  assert.equal(first.broker, hub.broker.url);
  assert.deepEqual(first.bundleKeys, hub.identity.bundleKeys);
  const again = await open<Enrolment>(
    hub,
    'enrolment',
    await enrol(hub, token, publicKeyPem, 'other'),
  );
  assert.equal(again.device, 'cam');
  assert.equal((await hub.fleet.list()).length, 1);
});

test('a token is of no use to a second key, when it is wrong, and when it is old', async () => {
  await using hub = await startTestHub();
  const { token } = await hub.enrolments.createToken();
  await enrol(hub, token, generateKey().publicKeyPem);
  const second = generateKey().publicKeyPem;
  await assert.rejects(enrol(hub, token, second), withCode('token-used'));
  const wrong = `ew1.${Buffer.from(JSON.stringify({ secret: 'x'.repeat(20) })).toString('base64url')}`;
  await assert.rejects(enrol(hub, wrong, second), withCode('unauthenticated'));
  const { token: old } = await hub.enrolments.createToken();
  hub.clock.aheadMs += hours(25);
  await assert.rejects(enrol(hub, old, second), withCode('expired'));
});

test('two keys that race for one token: one wins', async () => {
  await using hub = await startTestHub();
  const { token } = await hub.enrolments.createToken();
  const results = await Promise.allSettled(
    [1, 2, 3].map(() => enrol(hub, token, generateKey().publicKeyPem)),
  );
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await hub.fleet.list()).length, 1);
});

test('a name belongs to its key until that is withdrawn', async () => {
  await using hub = await startTestHub();
  const key = generateKey().publicKeyPem;
  const newToken = async () => (await hub.enrolments.createToken()).token;
  await enrol(hub, await newToken(), key, 'cam');
  const spare = await newToken();
  const heir = generateKey().publicKeyPem;
  await assert.rejects(enrol(hub, spare, heir, 'cam'), withCode('conflict'));
  await hub.fleet.revoke('cam');
  await assert.rejects(enrol(hub, await newToken(), key, 'cam'), withCode('forbidden'));
  await enrol(hub, spare, heir, 'cam');
  const { publicKey, revoked } = await hub.fleet.get('cam');
  assert.deepEqual([publicKey, revoked], [heir, false]);
});

test('nonsense for a key does not spend a token', async () => {
  await using hub = await startTestHub();
  const { token } = await hub.enrolments.createToken();
  await assert.rejects(enrol(hub, token, 'x'.repeat(90)), withCode('invalid-argument'));
  await enrol(hub, token, generateKey().publicKeyPem);
});

test('the hub proves its key and the time with the nonce it was asked with', async () => {
  await using hub = await startTestHub();
  const proof = await open<HubIdentity>(hub, 'hub', await hub.enrolments.prove(nonce));
  assert.deepEqual([proof.nonce, proof.fleet], [nonce, 'home']);
  assert.equal(proof.publicKey, hub.identity.signer.publicKeyPem);
  const time = await open<TimeAnswer>(hub, 'time', await hub.enrolments.time(nonce));
  assert.equal(time.nonce, nonce);
  assert.ok(Math.abs(time.nowMs - hub.clock.now()) < 5000);
});

test('an identity is made once, kept, and readable by its owner only', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'edgewise-identity-'));
  t.after(() => rm(folder, { recursive: true }));
  const made = await openIdentity(folder, 'barn');
  const opened = await openIdentity(folder, 'ignored');
  assert.deepEqual([opened.hub, opened.fleet], [made.hub, 'barn']);
  assert.equal(opened.fingerprint, fingerprintOf(made.signer.publicKeyPem));
  assert.deepEqual(opened.bundleKeys, made.bundleKeys);
  assert.equal((await stat(path.join(folder, 'hub-key.pem'))).mode & 0o777, 0o600);
  await assert.rejects(openIdentity(folder, 'No Id'), withCode('invalid-argument'));
});
