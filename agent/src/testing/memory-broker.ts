import { type ChannelName, channels, encodeMessage, FleetError, topicOf } from '@edgewise/protocol';
import type { AgentLink } from '../link/agent-link.ts';
import {
  createSubscriptions,
  type OnUnreadable,
  type Subscriptions,
} from '../link/subscriptions.ts';

/** A broker in memory: what one link publishes all others that subscribed receive, as bytes. */
export interface MemoryBroker {
  /** A link of its own, connected from the start. */
  link(options?: { readonly onUnreadable?: OnUnreadable }): MemoryLink;
  /** Delivers bytes as if somebody had published them. */
  inject(topic: string, bytes: Uint8Array): void;
}

/** One end, with a hand on its connection. */
export interface MemoryLink extends AgentLink {
  disconnect(): void;
  connect(): void;
}

/** Builds a broker without clients. It keeps retained messages as a real one does. */
export function createMemoryBroker(): MemoryBroker {
  const ends = new Set<Subscriptions>();
  const retained = new Map<string, Uint8Array>();

  function deliver(topic: string, bytes: Uint8Array): void {
    for (const end of ends) queueMicrotask(() => end.deliver(topic, bytes));
  }

  function link(options: { readonly onUnreadable?: OnUnreadable } = {}): MemoryLink {
    const subscriptions = createSubscriptions(options.onUnreadable ?? (() => undefined));
    const greeters = new Set<() => void>();
    let session = 0;
    let state: 'up' | 'down' | 'closed' = 'down';

    function mustBeUp(): void {
      if (state !== 'up') throw new FleetError('unavailable', `The link is ${state}.`);
    }

    function replay(filter: string): void {
      for (const [topic, bytes] of retained) {
        if (matches(filter, topic)) queueMicrotask(() => subscriptions.deliver(topic, bytes));
      }
    }

    const end: MemoryLink = {
      get isConnected() {
        return state === 'up';
      },
      get session() {
        return session;
      },
      onConnect(handler) {
        greeters.add(handler);
        if (state === 'up') handler();
        return () => greeters.delete(handler);
      },
      connect() {
        if (state !== 'down') return;
        state = 'up';
        session++;
        ends.add(subscriptions);
        for (const filter of subscriptions.filters) replay(filter);
        for (const greet of greeters) greet();
      },
      disconnect() {
        if (state === 'up') state = 'down';
        ends.delete(subscriptions);
      },
      async publish(channel, params, message, signal) {
        await Promise.resolve();
        mustBeUp();
        if (signal?.aborted) throw FleetError.from(signal.reason);
        const topic = topicOf(channel, params);
        const bytes = encodeMessage(channel, message);
        if (isRetained(channel)) retained.set(topic, bytes);
        deliver(topic, bytes);
      },
      async subscribe(channel, params, handler) {
        await Promise.resolve();
        if (state === 'closed') mustBeUp();
        const added = subscriptions.add(channel, params, handler);
        if (state === 'up') replay(added.filter);
        return () => {
          added.remove();
          return Promise.resolve();
        };
      },
      [Symbol.asyncDispose]() {
        end.disconnect();
        state = 'closed';
        return Promise.resolve();
      },
    };
    end.connect();
    return end;
  }

  return { link, inject: deliver };
}

const isRetained = (channel: ChannelName): boolean => channels[channel].retain;

function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  if (levels.length !== wanted.length) return false;
  return wanted.every((level, index) => level === '+' || level === levels[index]);
}
