import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fingerprintOf, generateKey } from '@edgewise/models/crypto';
import type { FleetError } from '@edgewise/protocol';
import mqtt from 'mqtt';
import { openBrokerSocket } from '../node/broker-socket.ts';
import { createSystemClock } from '../node/system-clock.ts';
import { describeLink } from '../testing/describe-link.ts';
import { eventually } from '../testing/eventually.ts';
import { linkTo } from '../testing/rig.test.fixture.ts';
import { startTestBroker } from '../testing/test-broker.test.fixture.ts';
import type { AgentLink } from './agent-link.ts';
import { createMqttLink } from './mqtt-link.ts';

const connected = (link: AgentLink) => new Promise<void>((resolve) => link.onConnect(resolve));

describeLink('mqtt over TCP', async (onUnreadable) => {
  const broker = await startTestBroker();
  const agent = linkTo(broker, 'pi', { instance: 'i1', onUnreadable });
  const hub = linkTo(broker, 'hub');
  await Promise.all([connected(agent), connected(hub)]);
  const stranger = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`);
  return {
    agent,
    hub,
    interrupt: () => broker.cut('pi'),
    restore: () => undefined,
    inject: async (topic, bytes) => {
      await stranger.publishAsync(topic, Buffer.from(bytes), { qos: 1 });
    },
    async [Symbol.asyncDispose]() {
      await stranger.endAsync(true);
      await agent[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
});

test('a cut connection leaves the last will of its session, a clean end leaves none', async () => {
  await using broker = await startTestBroker();
  await using hub = linkTo(broker, 'hub');
  await connected(hub);
  const seen: string[] = [];
  await hub.subscribe('presence', { fleet: 'home' }, ({ status, session }) =>
    seen.push(`${status} ${session}`),
  );
  const agent = linkTo(broker, 'pi', { instance: 'i1' });
  await connected(agent);
  broker.cut('pi');
  await eventually(() => seen.length === 1);
  assert.deepEqual(seen, ['offline 1']);
  await eventually(() => agent.session === 2 && agent.isConnected);
  await agent[Symbol.asyncDispose]();
  await hub.publish(
    'presence',
    { fleet: 'home', device: 'pi' },
    {
      v: 1,
      status: 'stopped',
      instance: 'i1',
      session: 2,
      atMs: 1,
    },
  );
  await eventually(() => seen.length === 2);
  assert.deepEqual(seen, ['offline 1', 'stopped 2']);
});

test('every attempt signs in afresh, and a refusal is unauthenticated', async () => {
  await using broker = await startTestBroker({ passwords: new Set(['p3']) });
  const troubles: FleetError[] = [];
  let attempts = 0;
  await using link = createMqttLink({
    openSocket: (signal) =>
      openBrokerSocket(`mqtt://127.0.0.1:${broker.port}`, { fingerprint: '', signal }),
    signIn: () => Promise.resolve({ clientId: 'pi', username: 'pi', password: `p${++attempts}` }),
    clock: createSystemClock(),
    random: () => 0.5,
    retry: { firstMs: 5, longestMs: 10, jitterRatio: 0 },
    onUnreadable: () => undefined,
    onTrouble: (error) => troubles.push(error),
  });
  await connected(link);
  assert.equal(attempts, 3);
  assert.deepEqual(
    troubles.map((error) => error.code),
    ['unauthenticated', 'unauthenticated'],
  );
});

test('a broker that cannot be reached is unavailable, and closing does not wait for it', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const troubles: FleetError[] = [];
  const link = createMqttLink({
    openSocket: (signal) =>
      openBrokerSocket(`mqtt://127.0.0.1:${port}`, { fingerprint: '', signal }),
    signIn: () => Promise.resolve({ clientId: 'pi', username: 'pi', password: '' }),
    clock: createSystemClock(),
    random: () => 0,
    onUnreadable: () => undefined,
    onTrouble: (error) => troubles.push(error),
  });
  await eventually(() => troubles.length === 1);
  assert.equal(troubles[0]?.code, 'unavailable');
  await link[Symbol.asyncDispose]();
});

test('a subscription made at any moment of a sign-in is in force once it is connected', async () => {
  await using broker = await startTestBroker();
  await using hub = linkTo(broker, 'hub');
  await connected(hub);
  await using agent = linkTo(broker, 'pi', { instance: 'i1' });
  const heard = new Set<string>();
  const digests: string[] = [];
  while (!agent.isConnected && digests.length < 200) {
    const digest = digests.length.toString(16).padStart(64, '0');
    digests.push(digest);
    await agent.subscribe('blob', { fleet: 'home', digest }, () => heard.add(digest));
    await new Promise(setImmediate);
  }
  await connected(agent);
  for (const digest of digests) {
    await hub.publish(
      'blob',
      { fleet: 'home', digest, lane: 'l1', block: '0' },
      Uint8Array.of(1),
      undefined,
      1,
    );
  }
  await eventually(() => heard.size === digests.length);
});

test('over TLS only a broker with the pinned key is told the password', async () => {
  const key = generateKey();
  await using broker = await startTestBroker({ tlsKey: key.privateKeyPem });
  const linkWith = (fingerprint: string, onTrouble: (error: FleetError) => void) => {
    return createMqttLink({
      openSocket: (signal) =>
        openBrokerSocket(`mqtts://127.0.0.1:${broker.port}`, { fingerprint, signal }),
      signIn: () => Promise.resolve({ clientId: 'pi', username: 'pi', password: 'x' }),
      clock: createSystemClock(),
      random: () => 0,
      onUnreadable: () => undefined,
      onTrouble,
    });
  };
  await using good = linkWith(fingerprintOf(key.publicKeyPem), (error) => assert.fail(error));
  await connected(good);
  const troubles: string[] = [];
  await using _bad = linkWith('f'.repeat(64), (error) => troubles.push(error.code));
  await eventually(() => troubles.length === 1);
  assert.deepEqual(troubles, ['unauthenticated']);
  assert.equal(broker.signIns, 1);
});
