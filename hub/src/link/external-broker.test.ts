import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCommand } from '@edgewise/protocol';
import {
  connectAgent,
  enrolDevice,
  hear,
  testState,
  testWindow,
} from '../testing/test-agent.test.fixture.ts';
import { eventually, startTestHub } from '../testing/test-hub.test.fixture.ts';
import { mosquittoProgram, startMosquitto } from './mosquitto.test.fixture.ts';

const skip = mosquittoProgram === undefined && 'mosquitto is not installed';

test('over Mosquitto: presence, target, state, telemetry and commands', { skip }, async () => {
  await using mosquitto = await startMosquitto(mosquittoProgram ?? '');
  await using hub = await startTestHub({ external: mosquitto });
  const cam = await enrolDevice(hub, 'cam');
  await hub.fleet.setTarget('cam', {});
  const agent = await connectAgent(hub, cam);
  await hear(agent, 'target');
  await agent.say('state', testState('cam', { observedGeneration: 1 }));
  await eventually(async () => (await hub.fleet.get('cam')).presence.status === 'online');
  await eventually(async () => (await hub.fleet.get('cam')).state?.observedGeneration === 1);
  for (const sequence of [1, 2, 3]) await agent.say('window', testWindow(sequence));
  await hear(agent, 'committed', ({ window }) => window?.sequence === 3);
  const asked = hub.fleet.command('cam', { kind: 'ping' });
  const { payload } = await hear(agent, 'command');
  const { transaction } = readCommand(Buffer.from(payload, 'base64'));
  await agent.say('reply', { v: 1, transaction, atMs: 5, ok: true });
  assert.equal((await asked).ok, true);
  await agent[Symbol.asyncDispose]();
  await eventually(async () => (await hub.fleet.get('cam')).presence.status === 'offline');
});

test('a Mosquitto that lost everything gets all targets again', { skip }, async () => {
  await using mosquitto = await startMosquitto(mosquittoProgram ?? '');
  await using hub = await startTestHub({ external: mosquitto });
  const cam = await enrolDevice(hub, 'cam');
  await hub.fleet.setTarget('cam', {});
  await mosquitto.restart();
  await eventually(() => hub.link.isUp);
  await using agent = await connectAgent(hub, cam);
  await hear(agent, 'target');
  await agent.say('window', testWindow(1));
  await hear(agent, 'committed', ({ window }) => window?.sequence === 1);
});
