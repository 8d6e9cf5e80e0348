import { createPrivateKey, randomBytes } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import net from 'node:net';
import { generateKey } from '@edgewise/models/crypto';
import {
  type ChannelName,
  channelOf,
  channels,
  type DeviceState,
  decodeMessage,
  type EnrolmentToken,
  encodeMessage,
  type Message,
  type PackedWindow,
  type Params,
  topicOf,
} from '@edgewise/protocol';
import { SignJWT } from 'jose';
import { MqttClient } from 'mqtt';
import type { TestHub } from './test-hub.test.fixture.ts';
import { eventually } from './test-hub.test.fixture.ts';

/** A device's end of the wire: signs in, and says what a test wants. */
export interface TestAgent extends AsyncDisposable {
  readonly device: string;
  readonly instance: string;
  readonly client: MqttClient;
  say<C extends ChannelName>(channel: C, message: Message<C>, params?: object): Promise<void>;
  sayBytes(channel: ChannelName, bytes: Uint8Array): Promise<void>;
  /** Everything it heard on a channel. */
  heard<C extends ChannelName>(channel: C): readonly Message<C>[];
  /** Subscribes to a channel of its own, or to a lane. */
  listen<C extends ChannelName>(channel: C, params?: Partial<Params<C>>): Promise<void>;
}

/** A key with the name it is enrolled under. */
export interface TestDevice {
  readonly device: string;
  readonly privateKeyPem: string;
  readonly publicKeyPem: string;
}

/** Enrols a device with a token of its own. */
export async function enrolDevice(hub: TestHub, device: string): Promise<TestDevice> {
  const key = generateKey();
  const { token } = await hub.enrolments.createToken();
  await hub.enrolments.enrol({
    v: 1,
    secret: secretOf(token),
    device,
    publicKey: key.publicKeyPem,
    deviceClass: 'x64',
    agentVersion: '1.0.0',
  });
  return { device, ...key };
}

/** The secret inside an enrolment token. */
export function secretOf(token: string): string {
  const text = Buffer.from(token.slice('ew1.'.length), 'base64url').toString();
  return (JSON.parse(text) as EnrolmentToken).secret;
}

/** Connects as an agent does: last will, presence, state, then its own topics. */
export async function connectAgent(
  hub: Pick<TestHub, 'clock'> & { readonly broker: { readonly port: number } },
  { device, privateKeyPem }: TestDevice,
  { instance = `${device}-1`, session = 1 } = {},
): Promise<TestAgent> {
  const fleet = 'home';
  const presence = { v: 1, instance, session, atMs: hub.clock.now() };
  const topic = topicOf('presence', { fleet, device });
  const will = encodeMessage('presence', { ...presence, status: 'offline' });
  const socket = net.connect(hub.broker.port, '127.0.0.1');
  const client = new MqttClient(() => socket as never, {
    clientId: device,
    username: device,
    password: await signToken(privateKeyPem, device, { instance, nowMs: hub.clock.now() }),
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    keepalive: 30,
    will: { topic, payload: Buffer.from(will), qos: 1, retain: true },
  });
  client.on('error', () => undefined);
  const messages = new Map<ChannelName, unknown[]>();
  client.on('message', (heardTopic, payload) => {
    const found = channelOf(heardTopic);
    if (!found) return;
    const list = messages.get(found.channel) ?? [];
    messages.set(found.channel, list);
    list.push(decodeMessage(found.channel, payload));
  });
  const closed = once(client as unknown as EventEmitter, 'close');
  await Promise.race([
    once(client as unknown as EventEmitter, 'connect'),
    closed.then(() => Promise.reject(new Error('The broker hung up.'))),
  ]);
  const sayBytes = async (channel: ChannelName, bytes: Uint8Array, params: object = {}) => {
    const { qos, retain } = channels[channel];
    const at = topicOf(channel, { fleet, device, ...params } as never);
    await client.publishAsync(at, Buffer.from(bytes), { qos, retain });
  };
  const agent: TestAgent = {
    device,
    instance,
    client,
    say: (channel, message, params) => sayBytes(channel, encodeMessage(channel, message), params),
    sayBytes,
    heard: (channel) => (messages.get(channel) ?? []) as never,
    async listen(channel, params = {}) {
      const filter = { fleet, device, ...params };
      const { topic: template } = channels[channel];
      const text = template.replace(/\{(\w+)\}/g, (_, name: string) => {
        return (filter as Record<string, string>)[name] ?? '+';
      });
      await client.subscribeAsync(text, { qos: 1 });
    },
    async [Symbol.asyncDispose]() {
      client.end(true);
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
    },
  };
  for (const channel of ['target', 'committed', 'offer', 'want', 'command'] as const) {
    await agent.listen(channel);
  }
  await agent.say('presence', { ...presence, status: 'online' });
  return agent;
}

/** Waits for the first message on a channel that a test looks for. */
export async function hear<C extends ChannelName>(
  agent: TestAgent,
  channel: C,
  wanted: (message: Message<C>) => boolean = () => true,
): Promise<Message<C>> {
  await eventually(() => agent.heard(channel).some(wanted));
  return agent.heard(channel).find(wanted) as Message<C>;
}

function signToken(
  privateKeyPem: string,
  device: string,
  { instance, nowMs }: { readonly instance: string; readonly nowMs: number },
): Promise<string> {
  const iat = Math.floor(nowMs / 1000);
  const jti = randomBytes(12).toString('hex');
  return new SignJWT({ sub: device, aud: 'hub-1', iat, exp: iat + 60, jti, instance })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(createPrivateKey(privateKeyPem));
}

/** A small window. */
export function testWindow(sequence: number, changed: Partial<PackedWindow> = {}): PackedWindow {
  return {
    epoch: 7,
    sequence,
    bins: '00'.repeat(8),
    reference: '11'.repeat(8),
    startMs: 1_000_000 + sequence * 1000,
    spanMs: 1000,
    seen: 4,
    n: 4,
    features: [
      {
        counts: Uint32Array.from({ length: 24 }, (_, bin) => (bin < 4 ? 1 : 0)),
        sumZ: 1,
        sumZ2: 2,
        minZ: -1,
        maxZ: 1,
        sumLag: 0,
      },
    ],
    classes: 2,
    predictions: new Map([[19, 3]]),
    latency: new Map([[40, 4]]),
    ...changed,
  };
}

/** A state that serves nothing. */
export function testState(device: string, changed: Partial<DeviceState> = {}): DeviceState {
  return {
    v: 1,
    device,
    instance: `${device}-1`,
    protocol: 1,
    agentVersion: '1.0.0',
    deviceClass: 'x64',
    atMs: 1,
    clock: 'system',
    observedGeneration: 0,
    slots: {},
    refusals: [],
    health: {
      uptimeMs: 1,
      rssBytes: 1,
      served: 0,
      outboxMessages: 0,
      outboxBytes: 0,
      outboxDropped: 0,
    },
    ...changed,
  };
}
