import assert from 'node:assert/strict';
import { type EventEmitter, once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { channelNames, channels, hours, minutes, seconds } from '@edgewise/protocol';
import type { MqttClient } from 'mqtt';
import { startTestBroker, type TestBroker } from './broker.fixture.ts';

const digest = 'ab'.repeat(32);

async function grants(client: MqttClient, filter: string): Promise<boolean> {
  try {
    const [grant] = await client.subscribeAsync(filter);
    return (grant?.qos ?? 128) < 128;
  } catch {
    return false;
  }
}

/** Connects and gives back what the broker said when it refused. */
async function refusalOf(
  { connect, refused }: TestBroker,
  options: Parameters<TestBroker['connect']>[0],
): Promise<string | undefined> {
  await assert.rejects(connect(options));
  return refused.at(-1)?.code;
}

test('another device, a reader and a stranger get nothing through any channel of the table', async () => {
  await using fixture = await startTestBroker();
  const { connect, connectHub, enrol, tokens } = fixture;
  enrol('victim');
  const mallory = enrol('mallory');
  tokens.set('grafana', 'secret');
  const hub = await connectHub();
  const heard: string[] = [];
  hub.on('message', (topic) => heard.push(topic));
  await hub.subscribeAsync('edgewise/#');
  for (const channel of channelNames) {
    const topic = channels[channel].topic.replace(/\{(\w+)\}/g, (_, name: string) => {
      return { fleet: 'home', device: 'victim', digest, model: 'digits' }[name] ?? '0';
    });
    const device = await connect(await mallory.options());
    assert.equal(await grants(device, topic), false, `subscribe ${channel}`);
    const closed = once(device as unknown as EventEmitter, 'close');
    device.publish(topic, 'x', { qos: 1 });
    await closed;
  }
  const reader = await connect({ username: 'api:grafana', password: 'secret' });
  assert.equal(await grants(reader, 'edgewise/home/device/+/state'), true);
  assert.equal(await grants(reader, 'edgewise/#'), false);
  const closed = once(reader as unknown as EventEmitter, 'close');
  reader.publish('edgewise/home/device/victim/state', 'x');
  await closed;
  assert.equal(await refusalOf(fixture, {}), 'unauthenticated');
  assert.deepEqual(heard, []);
});

test('a device says and hears what is its own', async () => {
  await using fixture = await startTestBroker();
  const { broker, connect, connectHub, enrol, readable } = fixture;
  const device = await connect(await enrol('cam').options());
  const hub = await connectHub();
  await hub.subscribeAsync('edgewise/home/device/+/event');
  const atHub = once(hub as unknown as EventEmitter, 'message');
  await device.publishAsync('edgewise/home/device/cam/event', 'hello', { qos: 1 });
  assert.deepEqual(String((await atHub)[1]), 'hello');
  readable.set('cam', new Set([digest]));
  assert.equal(await grants(device, `edgewise/home/blob/${digest}/0/+`), true);
  assert.equal(await grants(device, `edgewise/home/blob/${'cd'.repeat(32)}/0/+`), false);
  assert.equal(await grants(device, `edgewise/home/blob/+/+/+`), false);
  const atDevice = once(device as unknown as EventEmitter, 'message');
  hub.publish(`edgewise/home/blob/${digest}/0/1`, 'block');
  assert.deepEqual(String((await atDevice)[1]), 'block');
  assert.equal(broker.connections, 1);
});

test('a sign-in is refused with the code that says why', async () => {
  await using fixture = await startTestBroker();
  const { enrol, revoked } = fixture;
  const cam = enrol('cam');
  const other = enrol('other');
  const iat = (shiftMs: number) => {
    const seconds = Math.floor((Date.now() + 1000 + shiftMs) / 1000);
    return { iat: seconds, exp: seconds + 60 };
  };
  const withPassword = async (password: string) =>
    refusalOf(fixture, { clientId: 'cam', username: 'cam', password });
  assert.equal(await withPassword(await cam.password(iat(-minutes(10)))), 'expired');
  assert.equal(await withPassword(await cam.password(iat(-seconds(5)))), 'expired');
  assert.equal(await withPassword(await cam.password(iat(hours(1)))), 'clock-skew');
  assert.equal(await withPassword(await cam.password({ aud: 'hub-2' })), 'wrong-audience');
  assert.equal(await withPassword(await cam.password({ sub: 'other' })), 'forbidden');
  assert.equal(await withPassword(await other.password({ sub: 'cam' })), 'unauthenticated');
  assert.equal(await withPassword('no token'), 'unauthenticated');
  const mine = { ...(await cam.options()), clientId: 'other' };
  assert.equal(await refusalOf(fixture, mine), 'forbidden');
  assert.equal(
    await refusalOf(fixture, { ...(await cam.options()), clean: false }),
    'invalid-argument',
  );
  revoked.add('cam');
  assert.equal(await refusalOf(fixture, await cam.options()), 'forbidden');
});

test('a captured password is of no use a second time', async () => {
  await using fixture = await startTestBroker();
  const options = await fixture.enrol('cam').options();
  const first = await fixture.connect(options);
  assert.equal(await refusalOf(fixture, options), 'replayed');
  assert.equal(first.connected, true);
});

test('a new process takes a device over; the one it replaced is a cloned card', async () => {
  await using fixture = await startTestBroker();
  const { connect, enrol } = fixture;
  const cam = enrol('cam');
  const first = await connect(await cam.options({ instance: 'a' }));
  const cut = once(first as unknown as EventEmitter, 'close');
  const second = await connect(await cam.options({ instance: 'b' }));
  await cut;
  const again = await cam.options({ instance: 'a' });
  assert.equal(await refusalOf(fixture, again), 'duplicate-device');
  assert.equal(second.connected, true);
});

test('a reader cannot take the connection of a device over', async () => {
  await using fixture = await startTestBroker();
  const { connect, enrol, tokens } = fixture;
  tokens.set('grafana', 'secret');
  const device = await connect(await enrol('cam').options());
  await connect({ clientId: 'cam', username: 'api:grafana', password: 'secret' });
  await device.publishAsync('edgewise/home/device/cam/event', 'still here', { qos: 1 });
});

test('withdrawing a key or token cuts its connection at once', async () => {
  await using fixture = await startTestBroker();
  const { broker, connect, enrol, tokens } = fixture;
  tokens.set('grafana', 'secret');
  const device = await connect(await enrol('cam').options());
  const reader = await connect({ username: 'api:grafana', password: 'secret' });
  const gone = [device, reader].map((client) => once(client as unknown as EventEmitter, 'close'));
  broker.disconnectDevice('cam');
  broker.disconnectToken('grafana');
  await Promise.all(gone);
});

test('a key withdrawn during its sign-in is caught when the sign-in ends', async () => {
  await using fixture = await startTestBroker();
  const { connect, enrol, tokens } = fixture;
  let asked = 0;
  tokens.get = () => (asked++ === 0 ? 'secret' : undefined);
  const reader = await connect({ username: 'api:grafana', password: 'secret' });
  if (reader.connected) await once(reader as unknown as EventEmitter, 'close');
  assert.ok(asked >= 2);
  enrol('cam');
});

test('a packet that announces 200 MB is cut off before CONNECT and after it', async () => {
  await using fixture = await startTestBroker();
  const { broker, connect, enrol } = fixture;
  const stranger = net.connect(broker.port, '127.0.0.1');
  stranger.write(Buffer.from([0x10, 0xc0, 0xc6, 0xaf, 0x5f]));
  stranger.on('error', () => undefined);
  await once(stranger, 'close');
  const device = await connect(await enrol('cam').options());
  const closed = once(device as unknown as EventEmitter, 'close');
  device.stream.write(Buffer.from([0x30, 0xc0, 0xc6, 0xaf, 0x5f]));
  await closed;
});

test('limits of connections, keep-alive and subscriptions hold', async () => {
  await using fixture = await startTestBroker({ connections: 2, subscriptionsPerClient: 3 });
  const { connect, enrol } = fixture;
  const cam = enrol('cam');
  await assert.rejects(connect({ ...(await cam.options()), keepalive: 0 }));
  await assert.rejects(connect({ ...(await cam.options()), keepalive: 61 }));
  const device = await connect(await cam.options());
  const filters = ['target', 'command', 'committed', 'offer'].map(
    (channel) => `edgewise/home/device/cam/${channel}`,
  );
  const granted = await Promise.all(filters.map((filter) => grants(device, filter)));
  assert.equal(granted.filter(Boolean).length, 3);
  await device.unsubscribeAsync(filters[0] ?? '');
  assert.equal(await grants(device, filters[3] ?? ''), true);
  await connect(await enrol('second').options());
  await assert.rejects(connect(await enrol('third').options()));
});

test('clients that stop reading do not slow the others, and are cut off', async () => {
  await using fixture = await startTestBroker();
  const { broker, connect, connectHub, enrol, readable } = fixture;
  const hub = await connectHub();
  const names = Array.from({ length: 10 }, (_, index) => `stuck-${index}`);
  const lane = `edgewise/home/blob/${digest}/0/+`;
  const stuck = await Promise.all(
    [...names, 'well'].map(async (name) => {
      readable.set(name, new Set([digest]));
      const client = await connect(await enrol(name).options());
      await client.subscribeAsync([lane, `edgewise/home/device/${name}/command`]);
      return client;
    }),
  );
  const well = stuck.pop() as MqttClient;
  for (const client of stuck) (client.stream as net.Socket).pause();
  let received = 0;
  well.on('message', () => received++);
  const block = Buffer.alloc(32_768);
  for (let index = 0; index < 600; index++) {
    await hub.publishAsync(`edgewise/home/blob/${digest}/0/${index}`, block);
    if (index % 4 > 0) continue;
    for (const name of names) hub.publish(`edgewise/home/device/${name}/command`, block);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const began = performance.now();
  await well.publishAsync('edgewise/home/device/well/event', 'ping', { qos: 1 });
  assert.ok(performance.now() - began < 500);
  assert.ok(received >= 500, `${received} of 600 blocks`);
  await hasBecomeTrue(() => broker.connections === 1);
});

test('the hub may say far more at once than its connection holds, also to nobody', async () => {
  await using fixture = await startTestBroker();
  const hub = await fixture.connectHub();
  const block = Buffer.alloc(32_768);
  const all = Array.from({ length: 300 }, (_, index) =>
    hub.publishAsync(`edgewise/home/blob/${digest}/0/${index}`, block),
  );
  await Promise.race([
    Promise.all(all),
    once(hub as unknown as EventEmitter, 'close').then(() => assert.fail('The broker hung up.')),
  ]);
  await hub.publishAsync('edgewise/home/device/cam/command', 'x', { qos: 1 });
});

test('devices wait at the door until the hub listens', async () => {
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  await using fixture = await startTestBroker({}, { ready });
  let isIn = false;
  const connecting = fixture.enrol('cam').options().then(fixture.connect);
  void connecting.then(() => {
    isIn = true;
  });
  await fixture.connectHub();
  assert.equal(isIn, false);
  resolve();
  assert.equal((await connecting).connected, true);
});

test('a flood of one client is delayed, in order, and loses nothing', async () => {
  await using fixture = await startTestBroker({ devicePublishesPerSecond: 200 });
  const { connect, connectHub, enrol } = fixture;
  const hub = await connectHub();
  const heard: number[] = [];
  hub.on('message', (_, payload) => heard.push(Number(String(payload))));
  await hub.subscribeAsync('edgewise/home/device/cam/event');
  const device = await connect(await enrol('cam').options());
  const began = performance.now();
  await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      device.publishAsync('edgewise/home/device/cam/event', String(index), { qos: 1 }),
    ),
  );
  assert.ok(performance.now() - began > 400);
  await hasBecomeTrue(() => heard.length === 500);
  assert.deepEqual(heard, [...heard.keys()]);
});

test('a port in use and an open address without TLS are clear errors', async () => {
  const { listen } = await import('./listener.ts');
  await using first = await listen({ host: '127.0.0.1', port: 0 }, 1, () => undefined);
  const codeOf = (code: string) => (thrown: unknown) => (thrown as { code: string }).code === code;
  const again = listen({ host: '127.0.0.1', port: first.port }, 1, () => undefined);
  await assert.rejects(again, codeOf('port-in-use'));
  const open = listen({ host: '0.0.0.0', port: 0 }, 1, () => undefined);
  await assert.rejects(open, codeOf('invalid-argument'));
});

async function hasBecomeTrue(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) assert.fail('It did not become true in time.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
