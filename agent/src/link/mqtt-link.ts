import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import {
  type ChannelName,
  channels,
  encodeMessage,
  FleetError,
  limits,
  seconds,
  topicOf,
} from '@edgewise/protocol';
import { type IClientOptions, MqttClient } from 'mqtt';
import type { Clock } from '../core/clock.ts';
import { defaultRetry, type RetryPolicy, retryMs } from '../core/retry.ts';
import type { AgentLink } from './agent-link.ts';
import { createSubscriptions, type OnUnreadable } from './subscriptions.ts';

/** What goes into one attempt to sign in. */
export interface SignIn {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
}

/** How a link connects, and whom it tells what went wrong. */
export interface MqttLinkOptions {
  /** Opens a connected socket to the broker, its peer already checked. */
  readonly openSocket: (signal: AbortSignal) => Promise<Duplex>;
  /** Fresh credentials for every attempt: a password is accepted once. */
  readonly signIn: () => Promise<SignIn>;
  /** Topic and retained payload of the last will of a session. */
  readonly will?: (session: number) => { readonly topic: string; readonly payload: Uint8Array };
  readonly clock: Clock;
  readonly random: () => number;
  readonly retry?: RetryPolicy;
  readonly onUnreadable: OnUnreadable;
  /** Told why an attempt failed or a connection ended. */
  readonly onTrouble: (error: FleetError) => void;
}

/** Time for sign-in, a publish acknowledgement excluded. */
const connectMs = seconds(15);
/** A connection that lived this long resets the pauses between attempts. */
const stableMs = seconds(10);

/** Connects to an MQTT 3.1.1 broker and stays connected until it is disposed. */
export function createMqttLink(options: MqttLinkOptions): AgentLink {
  const { clock, onTrouble } = options;
  const subscriptions = createSubscriptions(options.onUnreadable);
  const closing = new AbortController();
  const greeters = new Set<() => void>();
  let session = 0;
  let client: MqttClient | undefined;
  const closed = new Promise<void>((resolve) => {
    closing.signal.addEventListener('abort', () => resolve(), { once: true });
  });

  async function live(): Promise<void> {
    const next = await connect(options, ++session, closing.signal);
    next.on('message', (topic, payload) => subscriptions.deliver(topic, payload));
    const ended = endOf(next);
    try {
      await Promise.race([takeOver(next), ended, closed]);
      if (closing.signal.aborted) return;
      for (const greet of greeters) greet();
      await ended;
    } finally {
      client = undefined;
      next.end(true);
    }
  }

  /** Subscribes to everything, also to what is added while the broker answers, and uses the connection. */
  async function takeOver(next: MqttClient): Promise<void> {
    const asked = new Set<string>();
    const fresh = () => subscriptions.filters.filter((filter) => !asked.has(filter));
    for (let filters = fresh(); filters.length > 0; filters = fresh()) {
      for (const filter of filters) asked.add(filter);
      await resubscribe(next, filters);
    }
    if (!closing.signal.aborted) client = next;
  }

  async function stayConnected(): Promise<void> {
    let attempt = 0;
    while (!closing.signal.aborted) {
      const beganMs = clock.nowMs();
      try {
        await live();
      } catch (thrown) {
        if (closing.signal.aborted) return;
        onTrouble(FleetError.from(thrown));
      }
      attempt = clock.nowMs() - beganMs > stableMs ? 1 : attempt + 1;
      const pauseMs = retryMs(options.retry ?? defaultRetry, attempt, options);
      await clock.sleep(pauseMs, closing.signal).catch(() => undefined);
    }
  }

  const finished = stayConnected();

  return {
    get isConnected() {
      return client !== undefined;
    },
    get session() {
      return session;
    },
    onConnect(handler) {
      greeters.add(handler);
      if (client !== undefined) handler();
      return () => greeters.delete(handler);
    },
    async publish(channel, params, message, signal, qos) {
      const topic = topicOf(channel, params);
      const bytes = encodeMessage(channel, message);
      await publish(mustBeUp(client), { channel, topic, bytes, signal, qos });
    },
    async subscribe(channel, params, handler) {
      if (closing.signal.aborted) throw new FleetError('unavailable', 'The link is closed.');
      const added = subscriptions.add(channel, params, handler);
      if (added.isFirst && client !== undefined) {
        const here = client;
        await resubscribe(here, [added.filter]).catch((thrown: unknown) => {
          // A connection that ended meanwhile subscribes again when it is back.
          if (!here.connected) return;
          added.remove();
          throw thrown;
        });
      }
      return async () => {
        const { isLast } = added.remove();
        if (isLast && client !== undefined) await client.unsubscribeAsync(added.filter);
      };
    },
    async [Symbol.asyncDispose]() {
      if (closing.signal.aborted) return await finished;
      const last = client;
      client = undefined;
      closing.abort();
      await last?.endAsync();
      await finished;
    },
  };
}

async function connect(
  options: MqttLinkOptions,
  session: number,
  closing: AbortSignal,
): Promise<MqttClient> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(connectMs)]);
  const signIn = await options.signIn();
  const socket = await options.openSocket(signal);
  const will = options.will?.(session);
  const settings: IClientOptions = {
    ...signIn,
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    keepalive: Math.round(limits.keepAliveSeconds / 2),
    connectTimeout: connectMs,
    ...(will === undefined
      ? {}
      : { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: true } }),
  };
  const client = new MqttClient(() => socket as never, settings);
  client.on('error', () => undefined);
  // Every publish under way listens for the end of the connection.
  client.setMaxListeners(0);
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', (error) => reject(refusal(error)));
    client.once('close', () => reject(new FleetError('unavailable', 'The broker hung up.')));
    signal.addEventListener('abort', () => reject(FleetError.from(signal.reason)), { once: true });
  }).catch((thrown: unknown) => {
    client.end(true);
    socket.destroy();
    throw thrown;
  });
  return client;
}

/** Translates what the client library throws at sign-in: MQTT return codes 2, 4 and 5 are refusals. */
function refusal(error: Error): FleetError {
  const code = 'code' in error ? error.code : undefined;
  if (code === 2 || code === 4 || code === 5) {
    const reason =
      'The broker refused the sign-in: the key is unknown or revoked, the clock is off, or another machine runs under this identity.';
    return new FleetError('unauthenticated', reason, { cause: error });
  }
  if (typeof code === 'number')
    return new FleetError('unavailable', error.message, { cause: error });
  return FleetError.from(error);
}

/** Rejects when the connection is gone; its errors end it too. */
function endOf(client: MqttClient): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    client.once('close', () => reject(new FleetError('unavailable', 'The connection ended.')));
    client.once('error', (error) => reject(FleetError.from(error)));
  });
  ended.catch(() => undefined);
  return ended;
}

async function resubscribe(client: MqttClient, filters: readonly string[]): Promise<void> {
  if (filters.length === 0) return;
  await client.subscribeAsync([...filters], { qos: 1 }).catch((thrown: unknown) => {
    throw new FleetError('forbidden', 'The broker denies a subscription.', { cause: thrown });
  });
}

interface Outgoing {
  readonly channel: ChannelName;
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly qos: 0 | 1 | undefined;
}

function publish(client: MqttClient, outgoing: Outgoing): Promise<void> {
  const { channel, topic, bytes, signal } = outgoing;
  const { retain } = channels[channel];
  const qos = outgoing.qos ?? channels[channel].qos;
  return new Promise((resolve, reject) => {
    const give = (error: FleetError | undefined) => {
      client.off('close', onClose);
      signal?.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else resolve();
    };
    const onClose = () => give(new FleetError('unavailable', 'The connection ended.'));
    const onAbort = () => give(FleetError.from(signal?.reason));
    if (signal?.aborted) return onAbort();
    client.on('close', onClose);
    signal?.addEventListener('abort', onAbort);
    client.publish(topic, Buffer.from(bytes), { qos, retain }, (error) => {
      give(error ? new FleetError('unavailable', error.message, { cause: error }) : undefined);
    });
  });
}

function mustBeUp(client: MqttClient | undefined): MqttClient {
  if (client === undefined) throw new FleetError('unavailable', 'There is no connection now.');
  return client;
}
