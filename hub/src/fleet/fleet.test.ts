import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyEnvelope } from '@edgewise/models/bundle';
import { createVerifier } from '@edgewise/models/crypto';
import {
  type BundleRef,
  days,
  limits,
  payloadTypes,
  readCommand,
  readTarget,
  type SignedEnvelope,
} from '@edgewise/protocol';
import { connectAgent, enrolDevice, hear, testState } from '../testing/test-agent.test.fixture.ts';
import {
  eventually,
  startTestHub,
  type TestHub,
  withCode,
} from '../testing/test-hub.test.fixture.ts';

const bundle: BundleRef = {
  model: 'digits',
  version: 1,
  deviceClass: 'x64',
  manifest: 'ab'.repeat(32),
  manifestSizeBytes: 100,
  signature: 'cd'.repeat(32),
  signatureSizeBytes: 100,
};

async function openTarget(hub: TestHub, envelope: SignedEnvelope) {
  const keys = [createVerifier(hub.identity.signer.publicKeyPem)];
  return readTarget(await verifyEnvelope(envelope, payloadTypes.target, keys));
}

test('a target reaches a device that connects later, signed and bound to it', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  assert.equal(await hub.fleet.setTarget('cam', { active: bundle, rollout: 'r1' }), 1);
  await using agent = await connectAgent(hub, cam);
  const target = await openTarget(hub, await hear(agent, 'target'));
  assert.deepEqual(
    [target.fleet, target.device, target.generation, target.active, target.rollout],
    ['home', 'cam', 1, bundle, 'r1'],
  );
  assert.equal(target.expiresAtMs - target.issuedAtMs, limits.targetLifeMs);
});

test('what a change leaves out stays, and generations rise by one', async () => {
  await using hub = await startTestHub();
  await enrolDevice(hub, 'cam');
  await hub.fleet.setTarget('cam', { active: bundle, rollout: 'r1' });
  const policies = { predictions: 'qos0', outboxBytes: 5 } as const;
  const generations = await Promise.all([
    hub.fleet.setTarget('cam', { policies }),
    hub.fleet.setTarget('cam', {}),
  ]);
  assert.deepEqual(generations, [2, 3]);
  const { target } = (await hub.devices.find('cam')) ?? {};
  assert.deepEqual([target?.active, target?.rollout, target?.policies], [bundle, 'r1', policies]);
  await hub.fleet.setTarget('cam', { active: null });
  assert.equal((await hub.fleet.get('cam')).active, null);
  await assert.rejects(hub.fleet.setTarget('nobody', {}), withCode('not-found'));
});

test('a hub restored from a backup jumps above the generation that a device reports', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  await hub.fleet.setTarget('cam', { active: bundle });
  await using agent = await connectAgent(hub, cam);
  await agent.say('state', testState('cam', { observedGeneration: 40 }));
  await eventually(async () => (await hub.fleet.get('cam')).generation === 41);
  await eventually(() => agent.heard('target').length === 2);
  const target = await openTarget(hub, agent.heard('target')[1] as SignedEnvelope);
  assert.deepEqual([target.generation, target.active], [41, bundle]);
});

test('a restored hub jumps above the commands that a device has carried out', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  await using agent = await connectAgent(hub, cam);
  await agent.say('state', testState('cam', { observedCommand: 40 }));
  await eventually(async () => (await hub.fleet.get('cam')).state !== undefined);
  await eventually(async () => (await hub.fleet.get('cam')).presence.status === 'online');
  const asked = hub.fleet.command('cam', { kind: 'ping' });
  const { payload } = await hear(agent, 'command');
  const { generation, transaction } = readCommand(Buffer.from(payload, 'base64'));
  assert.equal(generation, 41);
  await agent.say('reply', { v: 1, transaction, atMs: 5, ok: true });
  await asked;
});

test('a target that grows old is issued anew before it expires', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  await hub.fleet.setTarget('cam', { active: bundle });
  hub.clock.aheadMs += days(16);
  await using agent = await connectAgent(hub, cam);
  await agent.say('state', testState('cam', { observedGeneration: 1 }));
  await eventually(async () => (await hub.fleet.get('cam')).generation === 2);
});

test('presence follows the connection; the last will of an old session is ignored', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  const status = async () => (await hub.fleet.get('cam')).presence.status;
  assert.equal(await status(), 'never');
  const first = await connectAgent(hub, cam, { session: 1 });
  await eventually(async () => (await status()) === 'online');
  await using second = await connectAgent(hub, cam, { session: 2 });
  await second.say('state', testState('cam'));
  await eventually(async () => (await hub.fleet.get('cam')).state !== undefined);
  assert.equal(await status(), 'online');
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  await eventually(async () => (await status()) === 'offline');
});

test('a command goes to its device and its reply comes back to the caller', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  await assert.rejects(hub.fleet.command('cam', { kind: 'ping' }), withCode('unavailable'));
  await using agent = await connectAgent(hub, cam);
  await eventually(async () => (await hub.fleet.get('cam')).presence.status === 'online');
  const asked = hub.fleet.command('cam', { kind: 'ping' });
  const keys = [createVerifier(hub.identity.signer.publicKeyPem)];
  const envelope = await hear(agent, 'command');
  const command = readCommand(await verifyEnvelope(envelope, payloadTypes.command, keys));
  assert.deepEqual([command.device, command.generation, command.body.kind], ['cam', 1, 'ping']);
  const reply = { v: 1, atMs: 5, ok: true };
  await agent.say('reply', { ...reply, transaction: 'of somebody else' });
  await agent.say('reply', { ...reply, transaction: command.transaction });
  assert.equal((await asked).transaction, command.transaction);
});

test('a command that is called off is canceled', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  await using agent = await connectAgent(hub, cam);
  await eventually(async () => (await hub.fleet.get('cam')).presence.status === 'online');
  const caller = new AbortController();
  const asked = hub.fleet.command('cam', { kind: 'ping' }, caller.signal);
  await hear(agent, 'command');
  caller.abort();
  await assert.rejects(asked, withCode('canceled'));
});

test('a revoked device is cut off, refused, and gets no target', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  await using agent = await connectAgent(hub, cam);
  const closed = new Promise((resolve) => agent.client.once('close', resolve as () => void));
  await hub.fleet.revoke('cam');
  await closed;
  await assert.rejects(connectAgent(hub, cam));
  await assert.rejects(hub.fleet.setTarget('cam', {}), withCode('forbidden'));
  assert.equal((await hub.fleet.get('cam')).revoked, true);
});

test('two agents with one id: the newer serves, the copy is refused and reported', async () => {
  await using hub = await startTestHub();
  const cam = await enrolDevice(hub, 'cam');
  await using first = await connectAgent(hub, cam, { instance: 'a' });
  const cut = new Promise((resolve) => first.client.once('close', resolve as () => void));
  await using second = await connectAgent(hub, cam, { instance: 'b' });
  await cut;
  await assert.rejects(connectAgent(hub, cam, { instance: 'a' }));
  await eventually(async () => (await hub.fleet.get('cam')).cloned);
  assert.equal(second.client.connected, true);
});

test('every change of a record is told, with the record as it then is', async () => {
  await using hub = await startTestHub();
  const told: string[] = [];
  hub.fleet.changed.on(({ id, generation, presence }) => {
    told.push(`${id} ${generation} ${presence.status}`);
  });
  const cam = await enrolDevice(hub, 'cam');
  await eventually(() => told.includes('cam 0 never'));
  await hub.fleet.setTarget('cam', { active: bundle });
  await using _agent = await connectAgent(hub, cam);
  await eventually(() => told.includes('cam 1 online'));
});
