import { Buffer } from 'node:buffer';
import { type EventEmitter, once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import {
  type ChannelName,
  channels,
  encodeMessage,
  FleetError,
  limits,
  seconds,
  topicOf,
} from '@edgewise/protocol';
import { type ISubscriptionMap, MqttClient } from 'mqtt';
import type { Logger } from 'pino';
import { isLoopback } from '../loopback.ts';
import { createHandlers, type OnUnreadable } from './handlers.ts';
import type { HubLink } from './hub-link.ts';

/** How the hub reaches its broker. */
export interface MqttLinkOptions {
  /** Opens a connection to the broker: `broker.connect`, or `openBroker(url)`. */
  readonly open: () => Duplex;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** Told about messages that no handler will see. */
  readonly onUnreadable: OnUnreadable;
  readonly logger: Logger;
}

/** Connects the hub to its broker and stays connected until it is disposed; resolves when it is up. */
export async function createMqttLink(options: MqttLinkOptions): Promise<HubLink> {
  const { logger } = options;
  const handlers = createHandlers(options.onUnreadable, (error) =>
    logger.error({ error }, 'message handler'),
  );
  const greeters = new Set<() => void>();
  const { clientId, username, password } = options;
  const client = new MqttClient(() => options.open() as never, {
    clientId,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    protocolVersion: 4,
    clean: true,
    keepalive: Math.round(limits.keepAliveSeconds / 2),
    reconnectPeriod: seconds(1),
    connectTimeout: seconds(15),
    resubscribe: true,
    queueQoSZero: false,
  });
  // One listener per publish that waits for its acknowledgement.
  client.setMaxListeners(0);
  client.on('message', (topic, payload) => handlers.deliver(topic, payload));
  client.on('error', (error) => logger.warn({ error }, 'broker connection'));
  client.on('connect', () => {
    for (const greet of greeters) greet();
  });
  try {
    await once(client as unknown as EventEmitter, 'connect', {
      signal: AbortSignal.timeout(seconds(15)),
    });
  } catch (cause) {
    client.end(true);
    throw new FleetError('unavailable', 'The broker cannot be reached.', { cause });
  }

  return {
    get isUp() {
      return client.connected;
    },
    onUp(handler) {
      greeters.add(handler);
      if (client.connected) handler();
      return () => greeters.delete(handler);
    },
    async publish(channel, params, message, signal) {
      const topic = topicOf(channel, params);
      await publish(client, { channel, topic, bytes: encodeMessage(channel, message), signal });
    },
    async subscribe(channel, params, handler) {
      if (client.disconnecting) throw down('The link is closed.');
      const { filter, isFirst, remove } = handlers.add(channel, params, handler);
      const { qos, retain } = channels[channel];
      // Retained messages come once for each subscription, and every handler needs them.
      if (isFirst || retain)
        await client.subscribeAsync({ [filter]: { qos }, resubscribe: true } as ISubscriptionMap);
      return async () => {
        if (remove().isLast && client.connected) await client.unsubscribeAsync(filter);
      };
    },
    async [Symbol.asyncDispose]() {
      // Callers have waited for their acknowledgements, and the hub has no last will to spare.
      await client.endAsync(true);
    },
  };
}

interface Outgoing {
  readonly channel: ChannelName;
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

function publish(client: MqttClient, outgoing: Outgoing): Promise<void> {
  const { channel, topic, bytes, signal } = outgoing;
  if (!client.connected) return Promise.reject(down('The broker cannot be reached just now.'));
  if (signal?.aborted) return Promise.reject(FleetError.from(signal.reason));
  const { qos, retain } = channels[channel];
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown) => {
      signal?.removeEventListener('abort', onAbort);
      client.off('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = () => settle(FleetError.from(signal?.reason));
    const onClose = () => settle(down('The connection ended.'));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (qos > 0) client.once('close', onClose);
    client.publish(
      topic,
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      { qos, retain },
      (error) => settle(error ? down(error.message, error) : undefined),
    );
  });
}

function down(reason: string, cause?: unknown): FleetError {
  return new FleetError('unavailable', reason, { cause });
}

/**
 * Opens a socket to an external broker, `mqtts://HOST:PORT`, or `mqtt://HOST:PORT` on this machine.
 * Throws `invalid-argument` for other addresses and `forbidden` where nothing would be encrypted.
 */
export function openBroker(url: string): () => Duplex {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'mqtts:') {
    return () => tls.connect({ host, port: Number(port || 8883), servername: host }).setNoDelay();
  }
  if (protocol !== 'mqtt:') {
    throw new FleetError('invalid-argument', `${url} is no mqtt:// or mqtts:// address.`);
  }
  if (!isLoopback(host)) {
    throw new FleetError(
      'forbidden',
      `The broker at ${host} is on another machine: reach it by mqtts://.`,
    );
  }
  return () => net.connect({ host, port: Number(port || 1883), noDelay: true });
}
