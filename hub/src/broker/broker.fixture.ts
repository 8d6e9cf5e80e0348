import { createPrivateKey, randomBytes } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import net from 'node:net';
import { generateKey } from '@edgewise/models/crypto';
import type { SignInClaims } from '@edgewise/protocol';
import { SignJWT } from 'jose';
import { type IClientOptions, MqttClient } from 'mqtt';
import pino from 'pino';
import { type Broker, type BrokerLimits, createBroker } from './broker.ts';
import type { ListenOptions } from './listener.ts';
import type { RefusedSignIn } from './ports.ts';

/** A broker on a free port, with devices and tokens that tests add. */
export interface TestBroker extends AsyncDisposable {
  readonly broker: Broker;
  readonly refused: readonly RefusedSignIn[];
  readonly revoked: Set<string>;
  readonly tokens: Map<string, string>;
  /** Digests that each device's target names. */
  readonly readable: Map<string, Set<string>>;
  /** Enrols a device and returns how it signs in. */
  enrol(device: string): TestDevice;
  /** Connects, or rejects with the broker's refusal. */
  connect(options: IClientOptions): Promise<MqttClient>;
  /** The hub's own connection. */
  connectHub(): Promise<MqttClient>;
}

export interface TestDevice {
  password(claims?: Partial<SignInClaims>): Promise<string>;
  /** Options for a connection with a fresh password. */
  options(claims?: Partial<SignInClaims>): Promise<IClientOptions>;
}

/** The hub that test tokens are made for. */
export const testHub = 'hub-1';

/** Starts a broker for the fleet `home`. Its clock stands a little after its own start. */
export async function startTestBroker(
  limits: Partial<BrokerLimits> = {},
  changed: Partial<ListenOptions> & { readonly ready?: Promise<void> } = {},
): Promise<TestBroker> {
  const keys = new Map<string, string>();
  const revoked = new Set<string>();
  const tokens = new Map<string, string>();
  const readable = new Map<string, Set<string>>();
  const refused: RefusedSignIn[] = [];
  const clients = new Set<MqttClient>();
  let aheadMs = 0;
  const now = () => Date.now() + aheadMs;
  const broker = await createBroker({
    fleet: 'home',
    hub: testHub,
    keys: {
      findKey(device) {
        const publicKey = keys.get(device);
        return Promise.resolve(
          publicKey === undefined ? undefined : { publicKey, revoked: revoked.has(device) },
        );
      },
    },
    blobs: {
      mayRead: (device, digest) => Promise.resolve(readable.get(device)?.has(digest) ?? false),
    },
    tokens: { verify: (name, secret) => Promise.resolve(tokens.get(name) === secret) },
    clock: { now, sleep: () => Promise.reject(new Error('nobody sleeps here')) },
    logger: pino({ level: 'silent' }),
    host: '127.0.0.1',
    port: 0,
    ...changed,
    limits,
  });
  // Tokens count whole seconds, and one issued in the second of the start counts as older.
  aheadMs = 1000;
  broker.refused.on((refusal) => refused.push(refusal));

  return {
    broker,
    refused,
    revoked,
    tokens,
    readable,
    enrol(device) {
      const { privateKeyPem, publicKeyPem } = generateKey();
      keys.set(device, publicKeyPem);
      const password = (claims: Partial<SignInClaims> = {}) =>
        signToken(privateKeyPem, { ...freshClaims(device, now()), ...claims });
      return {
        password,
        options: async (claims) => ({
          clientId: device,
          username: device,
          password: await password(claims),
        }),
      };
    },
    async connect(options) {
      const client = new MqttClient(() => net.connect(broker.port, '127.0.0.1') as never, {
        protocolVersion: 4,
        clean: true,
        reconnectPeriod: 0,
        keepalive: 30,
        ...options,
      });
      clients.add(client);
      client.on('error', () => undefined);
      await Promise.race([
        once(client as unknown as EventEmitter, 'connect'),
        once(client as unknown as EventEmitter, 'close').then(() => {
          throw new Error('The broker hung up.');
        }),
      ]);
      return client;
    },
    async connectHub() {
      const client = new MqttClient(() => broker.connect() as never, { reconnectPeriod: 0 });
      clients.add(client);
      await once(client as unknown as EventEmitter, 'connect');
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end(true);
      await broker[Symbol.asyncDispose]();
    },
  };
}

function freshClaims(device: string, nowMs: number): SignInClaims {
  const iat = Math.floor(nowMs / 1000);
  const jti = randomBytes(12).toString('hex');
  return { sub: device, aud: testHub, iat, exp: iat + 60, jti, instance: `${device}-1` };
}

function signToken(privateKeyPem: string, claims: SignInClaims): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(createPrivateKey(privateKeyPem));
}
