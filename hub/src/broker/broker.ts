import { randomUUID } from 'node:crypto';
import { type Duplex, duplexPair } from 'node:stream';
import { FleetError, limits, seconds } from '@edgewise/protocol';
import { Aedes, type Client } from 'aedes';
import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { createSignal, type Signal } from '../signal.ts';
import { createDeviceSignIn } from './device-sign-in.ts';
import { type FlowVerdict, judgeFlow, neverHoldBack } from './flow.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import { guardConnection } from './packet-guard.ts';
import { judgeSubscription, mayPublish } from './permissions.ts';
import type { ApiTokens, BlobAccess, DeviceKeys, RefusedSignIn } from './ports.ts';
import { createRetained, keepRetained } from './retained.ts';
import type { Session } from './session.ts';
import { type Admission, returnCodeOf, signIn } from './sign-in.ts';
import { createTokenBucket } from './token-bucket.ts';

/** Bounds that tests and large installations change. */
export interface BrokerLimits {
  readonly connections: number;
  readonly devicePublishesPerSecond: number;
  readonly unreadBytes: number;
  readonly subscriptionsPerClient: number;
}

/** What a broker needs. */
export interface BrokerOptions extends ListenOptions {
  readonly fleet: string;
  readonly hub: string;
  readonly keys: DeviceKeys;
  readonly blobs: BlobAccess;
  readonly tokens: ApiTokens;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<BrokerLimits>;
  /** Sign-ins wait for it: what a device says before the hub listens would be said in vain. */
  readonly ready?: Promise<void>;
}

/** The embedded MQTT 3.1.1 broker. */
export interface Broker extends AsyncDisposable {
  /** `mqtt://` or `mqtts://` address it listens on. */
  readonly url: string;
  readonly port: number;
  /** Connections that have signed in, the hub's own not counted. */
  readonly connections: number;
  /** Sign-ins that were refused, with the reason. */
  readonly refused: Signal<RefusedSignIn>;
  /** A connection for the hub itself, in memory, that may say and hear everything. */
  connect(): Duplex;
  /** Cuts a device off; also one that is signing in just now. */
  disconnectDevice(device: string): void;
  /** Cuts everybody off who signed in with this API token. */
  disconnectToken(name: string): void;
}

/** Starts the broker. Rejects with `port-in-use` when another program has the port. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { clock, logger, fleet } = options;
  const bounds: BrokerLimits = { ...limits, ...options.limits };
  const refused = createSignal<RefusedSignIn>((error) => logger.error(error, 'refusal handler'));
  const sessions = new WeakMap<Client, Session>();
  const clients = new Set<Client>();
  const ownConnections = new WeakSet<object>();
  const devices = createDeviceSignIn({ hub: options.hub, keys: options.keys, now: clock.now });
  const blocks = `edgewise/${fleet}/blob/`;

  function open({ principal, recheck }: Admission): Session {
    const bucket =
      principal.kind === 'hub'
        ? undefined
        : createTokenBucket({
            perSecond: bounds.devicePublishesPerSecond,
            burst: 2 * bounds.devicePublishesPerSecond,
            now: () => performance.now(),
          });
    return {
      principal,
      bucket,
      filters: new Set(),
      shedding: false,
      behindSinceMs: undefined,
      recheck,
    };
  }

  async function admit(client: Client, username: string, password: string): Promise<void> {
    if (ownConnections.has(client.conn)) {
      const principal = { kind: 'hub' } as const;
      sessions.set(client, open({ principal, recheck: () => Promise.resolve(true) }));
      return;
    }
    const { id: clientId, clean } = client;
    const given = { clientId, clean, username, password };
    const { keys, tokens, ready } = options;
    const admission = await signIn(given, { devices, keys, tokens, ...(ready && { ready }) });
    // Only a device owns its client id: nobody else can take a device's connection over.
    if (admission.principal.kind === 'api') rename(client, `${username}/${randomUUID()}`);
    sessions.set(client, open(admission));
  }

  function refuse(username: string, thrown: unknown): Error & { returnCode: number } {
    const { code, reason, cause } = FleetError.from(thrown);
    logger.info({ username, code, reason, cause }, 'sign-in refused');
    refused.emit({ username, code, reason, atMs: clock.now() });
    return Object.assign(new Error(reason), { returnCode: returnCodeOf(code) });
  }

  async function isGranted(client: Client, filter: string): Promise<boolean> {
    const session = sessions.get(client);
    if (!session || session.filters.size >= bounds.subscriptionsPerClient) return false;
    const verdict = judgeSubscription(session.principal, fleet, filter);
    if (verdict.kind === 'refused') return false;
    session.filters.add(filter);
    if (verdict.kind === 'granted') return true;
    const mayRead =
      session.principal.kind === 'device' &&
      (await options.blobs.mayRead(session.principal.device, verdict.digest));
    if (!mayRead) session.filters.delete(filter);
    return mayRead;
  }

  const aedes = await Aedes.createBroker({
    concurrency: 0,
    // Only the hub's own connection can make a publisher wait.
    drainTimeout: 0,
    connectTimeout: seconds(10),
    keepaliveLimit: limits.keepAliveSeconds,
    maxTopicLevels: 8,
    authenticate(client, username, password, done) {
      const name = String(username ?? '').slice(0, 80);
      admit(client, name, password?.toString('utf8') ?? '').then(
        () => done(null, true),
        (thrown) => done(refuse(name, thrown), false),
      );
    },
    authorizePublish(client, packet, done) {
      const session = client === null ? undefined : sessions.get(client);
      // Never at once: the broker would read on while its parser is in the middle of a packet.
      const grant = () => queueMicrotask(() => done(null));
      if (client !== null && !(session && mayPublish(session.principal, fleet, packet))) {
        logger.warn({ client: client.id, topic: packet.topic.slice(0, 200) }, 'publish denied');
        done(new FleetError('forbidden', 'This connection may not publish there.'));
      } else if (session?.bucket && client?.closed === false) session.bucket.pass(grant);
      else grant();
    },
    authorizeSubscribe(client, subscription, done) {
      isGranted(client, subscription.topic).then(
        (granted) => done(null, granted ? subscription : null),
        (thrown) => done(FleetError.from(thrown)),
      );
    },
    authorizeForward(client, packet) {
      const session = sessions.get(client);
      if (!session || session.principal.kind === 'hub') return packet;
      const kind = packet.topic.startsWith(blocks) ? 'block' : 'other';
      const action = nextAction(session, client.conn, kind, bounds.unreadBytes);
      if (action === 'close') {
        logger.warn({ client: client.id }, 'closed: it does not read');
        client.conn.destroy();
      }
      return action === 'forward' ? packet : null;
    },
  });

  keepRetained(aedes, createRetained());
  aedes.on('client', (client) => clients.add(client));
  aedes.on('clientDisconnect', (client) => {
    clients.delete(client);
    sessions.get(client)?.bucket?.end();
  });
  aedes.on('unsubscribe', (filters, client) => {
    for (const filter of filters) sessions.get(client)?.filters.delete(filter);
  });
  aedes.on('clientReady', (client) => {
    // A key that was withdrawn while its owner signed in is caught here.
    sessions
      .get(client)
      ?.recheck()
      .then((holds) => holds || client.close())
      .catch(() => client.close());
  });
  aedes.on('clientError', (client, error) => logger.debug({ client: client.id, error }, 'client'));
  aedes.on('connectionError', (_client, error) => logger.debug({ error }, 'connection'));

  function close(matches: (session: Session) => boolean): void {
    for (const client of clients) {
      const session = sessions.get(client);
      if (session && matches(session)) client.close();
    }
  }

  let listener: Listener;
  try {
    listener = await listen(options, bounds.connections, (socket) => {
      const guarded = { connectBytes: limits.connectPacketBytes, packetBytes: limits.packetBytes };
      guardConnection(socket, guarded, () => logger.warn('closed: announced too large a packet'));
      neverHoldBack(socket);
      aedes.handle(socket);
    });
  } catch (thrown) {
    aedes.close();
    throw thrown;
  }

  return {
    url: listener.url,
    port: listener.port,
    refused,
    get connections() {
      let own = 0;
      for (const client of clients) if (sessions.get(client)?.principal.kind === 'hub') own++;
      return clients.size - own;
    },
    connect() {
      const [near, far] = duplexPair({ highWaterMark: 16 * limits.blockSizeBytes });
      ownConnections.add(far);
      aedes.handle(far);
      return near;
    },
    disconnectDevice(device) {
      close(({ principal }) => principal.kind === 'device' && principal.device === device);
    },
    disconnectToken(name) {
      close(({ principal }) => principal.kind === 'api' && principal.name === name);
    },
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      await new Promise<void>((resolve) => aedes.close(resolve));
    },
  };
}

function nextAction(
  session: Session,
  connection: Duplex,
  kind: 'block' | 'other',
  mostBytes: number,
): FlowVerdict['action'] {
  const nowMs = performance.now();
  session.behindSinceMs = connection.writableNeedDrain
    ? (session.behindSinceMs ?? nowMs)
    : undefined;
  const { action, shedding } = judgeFlow(kind, {
    unreadBytes: connection.writableLength,
    mostBytes,
    behindMs: session.behindSinceMs === undefined ? 0 : nowMs - session.behindSinceMs + 1,
    shedding: session.shedding,
  });
  session.shedding = shedding;
  return action;
}

function rename(client: Client, id: string): void {
  (client as { id: string }).id = id;
}
