import { Readable } from 'node:stream';
import { channels } from '@edgewise/protocol';
import type { Aedes, PublishPacket } from 'aedes';
import { channelOfFilter } from './permissions.ts';

/** The last message of each topic that keeps one. */
export interface Retained {
  /** An empty payload forgets the topic [MQTT-3.3.1-10]. */
  store(packet: PublishPacket): void;
  matching(filters: readonly string[]): Iterable<PublishPacket>;
}

/**
 * Looks topics up by name, so that a subscription costs the same however many devices there are;
 * only wildcards of channels that retain look at all of them.
 */
export function createRetained(): Retained {
  const packets = new Map<string, PublishPacket>();

  function* matchingOne(filter: string): Iterable<PublishPacket> {
    if (!filter.includes('+') && !filter.includes('#')) {
      const packet = packets.get(filter);
      if (packet) yield packet;
      return;
    }
    const found = channelOfFilter(filter);
    if (found && !channels[found.channel].retain) return;
    const expression = expressionOf(filter);
    for (const [topic, packet] of packets) if (expression.test(topic)) yield packet;
  }

  return {
    store(packet) {
      if (packet.payload.length === 0) packets.delete(packet.topic);
      else packets.set(packet.topic, { ...packet });
    },
    *matching(filters) {
      for (const filter of filters) yield* matchingOne(filter);
    },
  };
}

/** A filter as a regular expression [MQTT-4.7.1]. */
function expressionOf(filter: string): RegExp {
  const levels = filter.split('/').map((level) => {
    if (level === '+') return '[^/]*';
    return level === '#' ? '.*' : level.replace(/[^a-zA-Z0-9_]/g, '\\$&');
  });
  return new RegExp(`^${levels.join('/').replace(/\/\.\*$/, '(?:/.*)?')}$`);
}

/** Makes a broker keep its retained messages here: its own store tests every topic one by one. */
export function keepRetained(aedes: Aedes, retained: Retained): void {
  const { persistence } = aedes as unknown as { persistence: RetainedPersistence };
  persistence.storeRetained = (packet) => {
    retained.store(packet);
    return Promise.resolve();
  };
  persistence.createRetainedStreamCombi = (filters) => Readable.from(retained.matching(filters));
}

/** The part of a broker's persistence that is about retained messages. */
interface RetainedPersistence {
  storeRetained(packet: PublishPacket): Promise<void>;
  createRetainedStreamCombi(filters: readonly string[]): Readable;
}
