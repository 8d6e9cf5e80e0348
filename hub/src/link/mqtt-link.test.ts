import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '@edgewise/protocol';
import pino from 'pino';
import { startTestBroker } from '../broker/broker.fixture.ts';
import { testState, testWindow } from '../testing/test-agent.test.fixture.ts';
import { eventually, withCode } from '../testing/test-hub.test.fixture.ts';
import type { HubLink } from './hub-link.ts';
import { mosquittoProgram, startMosquitto } from './mosquitto.test.fixture.ts';
import { createMqttLink, openBroker } from './mqtt-link.ts';

interface Rig extends AsyncDisposable {
  readonly connect: (name: string, onUnreadable?: (topic: string) => void) => Promise<HubLink>;
}

const logger = pino({ level: 'silent' });

async function embedded(): Promise<Rig> {
  const fixture = await startTestBroker();
  return {
    connect: (clientId, onUnreadable = () => undefined) =>
      createMqttLink({ open: fixture.broker.connect, clientId, onUnreadable, logger }),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

async function external(): Promise<Rig> {
  const mosquitto = await startMosquitto(mosquittoProgram ?? '');
  return {
    connect: (clientId, onUnreadable = () => undefined) =>
      createMqttLink({ open: openBroker(mosquitto.url), clientId, onUnreadable, logger }),
    [Symbol.asyncDispose]: () => mosquitto[Symbol.asyncDispose](),
  };
}

/** What every link must do, whatever broker it speaks to. */
function describeLink(name: string, open: () => Promise<Rig>, skip: string | false): void {
  test(`${name}: messages arrive in order at every handler that matches`, { skip }, async () => {
    await using rig = await open();
    const hub = await rig.connect('hub');
    const device = await rig.connect('device');
    const all: string[] = [];
    const one: number[] = [];
    await hub.subscribe('window', { fleet: 'home' }, ({ sequence }, { device: from }) =>
      all.push(`${from} ${sequence}`),
    );
    const end = await hub.subscribe('window', { fleet: 'home', device: 'a' }, ({ sequence }) =>
      one.push(sequence),
    );
    for (const sequence of [1, 2, 3]) {
      await device.publish('window', { fleet: 'home', device: 'a' }, testWindow(sequence));
    }
    await device.publish('window', { fleet: 'home', device: 'b' }, testWindow(9));
    await eventually(() => all.length >= 4 && one.length >= 3);
    await end();
    await device.publish('window', { fleet: 'home', device: 'a' }, testWindow(4));
    await eventually(() => all.includes('a 4'));
    assert.deepEqual([...new Set(one)], [1, 2, 3]);
    assert.deepEqual([...new Set(all)], ['a 1', 'a 2', 'a 3', 'b 9', 'a 4']);
    await hub[Symbol.asyncDispose]();
    await device[Symbol.asyncDispose]();
  });

  test(`${name}: retained state and a full block pass`, { skip }, async () => {
    await using rig = await open();
    const device = await rig.connect('device');
    await device.publish('state', { fleet: 'home', device: 'a' }, testState('a'));
    const hub = await rig.connect('hub');
    let state: unknown;
    const blocks: number[] = [];
    await hub.subscribe('state', { fleet: 'home', device: 'a' }, (message) => {
      state = message;
    });
    await eventually(() => state !== undefined);
    assert.deepEqual(state, testState('a'));
    const where = { fleet: 'home', digest: 'ab'.repeat(32), lane: 'l1', block: '0' };
    await hub.subscribe('blob', { fleet: 'home' }, (bytes) => blocks.push(bytes.length));
    await device.publish('blob', where, new Uint8Array(limits.blockSizeBytes));
    await eventually(() => blocks.length === 1);
    assert.deepEqual(blocks, [limits.blockSizeBytes]);
    await hub[Symbol.asyncDispose]();
    await device[Symbol.asyncDispose]();
  });

  test(`${name}: after it was closed every call is unavailable`, { skip }, async () => {
    await using rig = await open();
    const link = await rig.connect('hub');
    await link[Symbol.asyncDispose]();
    const params = { fleet: 'home', device: 'a' };
    await assert.rejects(link.publish('window', params, testWindow(1)), withCode('unavailable'));
    await assert.rejects(
      link.subscribe('window', params, () => undefined),
      withCode('unavailable'),
    );
  });
}

const missing = mosquittoProgram === undefined && 'mosquitto is not installed';
describeLink('embedded broker', embedded, false);
describeLink('Mosquitto', external, missing);

test('a link to Mosquitto comes back by itself, with its subscriptions', {
  skip: missing,
}, async () => {
  await using mosquitto = await startMosquitto(mosquittoProgram ?? '');
  const open = openBroker(mosquitto.url);
  const onUnreadable = () => undefined;
  const hub = await createMqttLink({ open, clientId: 'hub', onUnreadable, logger });
  let ups = 0;
  hub.onUp(() => ups++);
  const heard: number[] = [];
  await hub.subscribe('window', { fleet: 'home' }, ({ sequence }) => heard.push(sequence));
  await mosquitto.restart();
  await eventually(() => hub.isUp && ups === 2);
  await hub.publish('window', { fleet: 'home', device: 'a' }, testWindow(1));
  await eventually(() => heard.length > 0);
  await hub[Symbol.asyncDispose]();
});

test('what cannot be read goes to its own place and to no handler', async () => {
  await using fixture = await startTestBroker();
  const unreadable: string[] = [];
  const link = await createMqttLink({
    open: fixture.broker.connect,
    clientId: 'hub',
    onUnreadable: (topic, bytes, { code }) => unreadable.push(`${topic} ${bytes.length} ${code}`),
    logger,
  });
  let heard = 0;
  await link.subscribe('event', { fleet: 'home' }, () => heard++);
  const raw = await fixture.connectHub();
  await raw.publishAsync('edgewise/home/device/a/event', '{', { qos: 1 });
  await eventually(() => unreadable.length === 1);
  assert.deepEqual(unreadable, ['edgewise/home/device/a/event 1 malformed']);
  assert.equal(heard, 0);
  await link[Symbol.asyncDispose]();
});

test('an address that is no broker is refused', () => {
  assert.throws(() => openBroker('http://127.0.0.1'), withCode('invalid-argument'));
});

test('a password never crosses a network in the clear', () => {
  for (const host of ['192.0.2.1', 'broker.example.org', '127.example.org', '[2001:db8::1]']) {
    assert.throws(() => openBroker(`mqtt://hub:secret@${host}`), withCode('forbidden'));
    assert.ok(openBroker(`mqtts://hub:secret@${host}`));
  }
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) assert.ok(openBroker(`mqtt://${host}`));
});
