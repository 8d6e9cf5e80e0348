/** What reaches a running hub from outside: readers, strangers, copies, wrong clocks and wrong bytes. */
import assert from 'node:assert/strict';
import { cp, readFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createDeviceSignIn } from '@edgewise/agent/parts';
import {
  channelNames,
  channels,
  type Enrolment,
  encodeMessage,
  filterOf,
  type Prediction,
  topicOf,
} from '@edgewise/protocol';
import type { Device } from '@edgewise/protocol/http';
import { connectAsync, type MqttClient } from 'mqtt';
import { programs, startProgram } from '../demo/processes.ts';
import { root } from '../house/checkout.ts';
import { type Feeder, feed } from './feeder.ts';
import { findProgram, runProgram, without } from './programs.ts';
import { pumps, registerPumps, trainPumps } from './pumps.ts';
import { openStage, type Stage, type StagedAgent, untilDevice } from './stage.ts';
import { until } from './until.ts';

const cleanup = new AsyncDisposableStack();
let stage: Stage;
let agent: StagedAgent;
let feeder: Feeder;

before(async () => {
  stage = cleanup.use(await openStage());
  const { client } = stage;
  agent = await stage.enrol('pump-1');
  await agent.start();
  await registerPumps(client, {
    ...{ epochs: 30, width: 16 },
    policies: { windowSamples: 50, windowMaxSpanMs: 1000, windowMinSpanMs: 0, predictions: 'qos0' },
  });
  await trainPumps(client);
  feeder = cleanup.use(feed(agent));
  await client.call('startRollout', { body: { model: pumps, version: 1 } });
  await untilDevice(stage, agent.device, {
    fits: ({ converged, lastWindowAtMs }) => converged && lastWindowAtMs !== null,
    what: 'to serve and report',
  });
});

after(() => cleanup.disposeAsync());

test('mosquitto_sub with a read-scoped token sees predictions and state', {
  skip: without('mosquitto_sub'),
}, async () => {
  const token = await readToken('me');
  const file = findProgram('mosquitto_sub') ?? '';
  const listen = (filter: string) =>
    runProgram(file, [
      ...['-h', '127.0.0.1', '-p', String(stage.brokerPort), '-u', 'api:me', '-P', token],
      ...['-t', filter, '-C', '1', '-W', '20'],
    ]);
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  const [, topic = ''] = /^mosquitto_sub .*-t '([^']+)'$/m.exec(readme) ?? [];
  const prediction = await listen(topic);
  assert.equal(prediction.status, 0, prediction.stderr);
  const { device, model, version } = JSON.parse(prediction.stdout) as Prediction;
  assert.deepEqual({ device, model, version }, { device: 'pump-1', model: pumps, version: 1 });
  const { fleet } = await stage.client.call('status');
  const state = await listen(topicOf('state', { fleet, device: 'pump-1' }));
  assert.equal(state.status, 0, state.stderr);
  assert.equal((JSON.parse(state.stdout) as { device: string }).device, 'pump-1');
});

test('no channel lets another device, a reader or a stranger in', async () => {
  const { fleet } = await stage.client.call('status');
  const intruder = await stage.enrol('intruder');
  await using devices = await connected(await signInOf(intruder));
  const token = await readToken('reader');
  await using reader = await connected({ username: 'api:reader', password: token });
  const digest = 'a'.repeat(64);
  const params = {
    fleet,
    device: 'pump-1',
    model: pumps,
    digest,
    part: '0',
    lane: 'l1',
    block: '0',
  };
  const forReaders = new Set<string>();
  for (const channel of channelNames) {
    const filter = filterOf(channel, params);
    assert.equal(await grants(devices.client, filter), false, `another device hears ${channel}`);
    if (await grants(reader.client, filter)) forReaders.add(channel);
  }
  for (const secret of ['blob', 'sample', 'need', 'want']) assert.ok(!forReaders.has(secret));
  assert.equal(await grants(devices.client, '#'), false);
  assert.equal(await grants(reader.client, '#'), false);
  for (const channel of channelNames) {
    // A forbidden publish ends the connection, so each attempt has one of its own.
    await using attempt = await connected(await signInOf(intruder));
    let isCut = false;
    attempt.client.once('close', () => {
      isCut = true;
    });
    attempt.client.publish(topicOf(channel, params), '{}', { qos: channels[channel].qos });
    await until(() => isCut, { what: `${channel} to be refused`, timeoutMs: 5000 });
  }
  await assert.rejects(connected({ username: 'pump-1', password: '' }));
  await assert.rejects(connected({}));
});

test('a sign-in counts once, not after it has expired and not after the hub has restarted', async () => {
  const device = await stage.enrol('jwt');
  const once = await signInOf(device);
  const used = await connected(once);
  await used[Symbol.asyncDispose]();
  await assert.rejects(connected(once), 'a replayed sign-in');
  const hour = 3_600_000;
  await assert.rejects(connected(await signInOf(device, -hour)), 'an expired sign-in');
  await assert.rejects(connected(await signInOf(device, hour)), 'a sign-in from the future');
  const unused = await signInOf(device, -2000);
  await stage.crashHub();
  await assert.rejects(connected(unused), 'a sign-in from before the restart');
  await using again = await connected(await signInOf(device));
  assert.ok(again.client.connected);
});

test('an enrolment token is good for one device', async () => {
  const { token } = await stage.client.call('createEnrolment');
  const enrol = (name: string) =>
    runAgent(['enrol', token, '--folder', path.join(stage.folder, name), '--name', name, '--json']);
  assert.equal((await enrol('first')).code, 0);
  const second = await enrol('second');
  assert.equal(second.code, 4);
  assert.equal(second.error?.code, 'token-used');
});

test('messages that cannot be read are set aside and counted, and the device goes on', async () => {
  const { fleet } = await stage.client.call('status');
  const device = await stage.enrol('babbler');
  await using own = await connected(await signInOf(device));
  const params = { fleet, device: 'babbler' };
  const event = { v: 1, epoch: 1, sequence: 1, atMs: Date.now() } as const;
  const body = { kind: 'started', agentVersion: '0.1.0', previousExit: 'first' } as const;
  const good = encodeMessage('event', { ...event, body });
  const newer = { ...event, sequence: 2, v: 99, body };
  for (const payload of [
    Buffer.from(good),
    Buffer.from(JSON.stringify(newer)),
    Buffer.from(good.subarray(0, 20)),
    Buffer.from('not json'),
    Buffer.alloc(33_000, 'x'),
    Buffer.from(encodeMessage('event', { ...event, sequence: 3, body })),
  ]) {
    await own.client.publishAsync(topicOf('event', params), payload, { qos: 1 });
  }
  for (const payload of [Buffer.alloc(0), Buffer.from([99, 1, 2]), Buffer.from([1, 1])])
    await own.client.publishAsync(topicOf('window', params), payload, { qos: 1 });
  const { loss } = await untilDevice(stage, 'babbler', {
    fits: ({ loss: now }) => now.received >= 2 && now.quarantined >= 4,
    what: 'to have its messages set aside',
  });
  assert.ok(loss.quarantined >= 4 && loss.received >= 2);
  assert.ok(own.client.connected);
});

test('a packet that announces 200 MB ends its connection and nothing else', async () => {
  const socket = net.connect(stage.brokerPort, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(Buffer.from([0x10, 0xc0, 0xc6, 0xaf, 0x5f]));
  await closed;
  assert.equal((await device('pump-1')).presence.status, 'online');
});

test('of two agents with one identity one serves, and the hub shows the copy', async () => {
  const original = await stage.enrol('copied');
  await original.start();
  const copy = path.join(stage.folder, 'copy');
  await cp(original.folder, copy, { recursive: true });
  await using second = startProgram(programs.agent, ['run', '--folder', copy, '--json']);
  await untilDevice(stage, 'copied', {
    fits: ({ cloned }) => cloned,
    what: 'to be seen as cloned',
  });
  const { devices } = await stage.client.call('status');
  assert.ok(devices.cloned >= 1);
  assert.ok(second.log.length > 0 || original.program.log.length > 0);
});

test('a device whose clock is an hour off takes the time from its hub', async () => {
  const late = await stage.enrol('late');
  const shift = `const now=Date.now;Date.now=()=>now()-3600000;`;
  const preload = `--import "data:text/javascript,${encodeURIComponent(shift)}"`;
  await late.start({ env: { NODE_OPTIONS: preload } });
  const { state } = await untilDevice(stage, 'late', {
    fits: (now) => now.presence.status === 'online' && now.state?.clock === 'hub',
    what: 'to go by the clock of its hub',
  });
  assert.ok(Math.abs((state?.atMs ?? 0) - Date.now()) < 60_000);
});

test('a port in use is said with its number and a way out', async () => {
  const args = ['--folder', path.join(stage.folder, 'other'), '--port', '0', '--json'];
  await using other = startProgram(programs.hub, [
    ...['hub', ...args, '--broker-port', String(stage.brokerPort)],
  ]);
  assert.notEqual(await other.ended, 0);
  const { error } = JSON.parse(other.lines.at(-1) ?? '{}') as Failure;
  assert.equal(error?.code, 'port-in-use');
  assert.match(error?.detail ?? '', new RegExp(String(stage.brokerPort)));
});

test('after all of this nothing under a watermark is missing', async () => {
  assert.ok(feeder.versions.has(1));
  const { loss } = await untilDevice(stage, 'pump-1', {
    fits: (now) => now.loss.missing === 0,
    what: 'to miss nothing',
  });
  assert.equal(loss.quarantined, 0);
});

interface Failure {
  readonly error?: { readonly code: string; readonly detail: string };
}

async function runAgent(args: readonly string[]): Promise<Failure & { readonly code: number }> {
  await using program = startProgram(programs.agent, args);
  const code = await program.ended;
  return { code, ...(JSON.parse(program.lines.at(-1) ?? '{}') as Failure) };
}

async function readToken(name: string): Promise<string> {
  const { token } = await stage.client.call('createToken', { body: { name, scope: 'read' } });
  return token;
}

const device = (id: string): Promise<Device> =>
  stage.client.call('getDevice', { params: { device: id } });

type SignIn = {
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: string;
};

/** A fresh sign-in of a device, its clock shifted. */
async function signInOf({ folder, device: id }: StagedAgent, shiftMs = 0): Promise<SignIn> {
  const identity = JSON.parse(await readFile(path.join(folder, 'identity.json'), 'utf8')) as {
    readonly enrolment: Enrolment;
  };
  const privateKeyPem = await readFile(path.join(folder, 'device-key.pem'), 'utf8');
  const nowMs = () => Date.now() + shiftMs;
  const { hub } = identity.enrolment;
  return await createDeviceSignIn({
    device: id,
    hub,
    instance: `test-${id}`,
    privateKeyPem,
    nowMs,
  })();
}

async function connected(
  signIn: SignIn,
): Promise<AsyncDisposable & { readonly client: MqttClient }> {
  const client = await connectAsync(`mqtt://127.0.0.1:${stage.brokerPort}`, {
    ...signIn,
    reconnectPeriod: 0,
    keepalive: 30,
    connectTimeout: 10_000,
  });
  client.on('error', () => undefined);
  return { client, [Symbol.asyncDispose]: () => client.endAsync(true) };
}

async function grants(client: MqttClient, filter: string): Promise<boolean> {
  return await client.subscribeAsync(filter).then(
    (list) => list.every(({ qos }) => qos !== 128),
    () => false,
  );
}
