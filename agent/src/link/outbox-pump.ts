import {
  type Committed,
  decodeMessage,
  limits,
  type OutboxClass,
  outboxClasses,
  seconds,
  type Watermark,
} from '@edgewise/protocol';
import type { Clock } from '../core/clock.ts';
import type { AgentLink } from './agent-link.ts';
import { isCovered, type Outbox, type OutboxEntry } from './outbox.ts';

interface OutboxPumpParts {
  readonly outbox: Outbox;
  readonly link: AgentLink;
  readonly fleet: string;
  readonly device: string;
  readonly clock: Clock;
}

/**
 * Sends what the outbox holds. Invariants: at most 64 entries are under way; an entry leaves by a
 * watermark only, so whatever a broker acknowledged and then lost is sent again: at once after a
 * reconnect or when the hub names a gap, and after a silence otherwise.
 */
export interface OutboxPump extends AsyncDisposable {
  /** There may be something to send. */
  wake(): void;
}

/** Silence of the hub after which everything under way is sent again. */
const resendMs = seconds(30);

/** Starts to empty an outbox over a link. */
export async function startOutboxPump(parts: OutboxPumpParts): Promise<OutboxPump> {
  const { outbox, link, clock } = parts;
  const params = { fleet: parts.fleet, device: parts.device };
  const stopping = new AbortController();
  const underWay = new Map<string, number>();
  let sending: Promise<void> | undefined;
  let isAsked = false;

  async function send(entry: OutboxEntry): Promise<void> {
    underWay.set(keyOf(entry), clock.nowMs());
    try {
      // The outbox keeps bytes; the link wants the message, and writes the same bytes again.
      if (entry.class === 'window') {
        await link.publish('window', params, decodeMessage('window', entry.bytes), stopping.signal);
      } else {
        await link.publish('event', params, decodeMessage('event', entry.bytes), stopping.signal);
      }
    } catch {
      // It stays in the outbox, and goes out with the next connection.
      underWay.delete(keyOf(entry));
    }
  }

  async function pump(): Promise<void> {
    while (isAsked && link.isConnected && !stopping.signal.aborted) {
      isAsked = false;
      const entries = outbox.oldest(limits.inFlightMessages);
      await Promise.all(entries.filter((entry) => !underWay.has(keyOf(entry))).map(send));
    }
  }

  function wake(): void {
    isAsked = true;
    sending ??= pump().finally(() => {
      sending = undefined;
      if (isAsked && link.isConnected && !stopping.signal.aborted) wake();
    });
  }

  function commit(kind: OutboxClass, watermark: Watermark): void {
    if (watermark.epoch !== outbox.epoch) return;
    outbox.commit(kind, watermark);
    for (const key of [...underWay.keys()]) {
      const sequence = sequenceOf(kind, key);
      if (sequence === undefined) continue;
      const isGap = sequence <= watermark.sequence && !isCovered(watermark, sequence);
      if (isGap || isCovered(watermark, sequence)) underWay.delete(key);
    }
  }

  function onCommitted(committed: Committed): void {
    for (const kind of outboxClasses) {
      const watermark = committed[kind];
      if (watermark !== undefined) commit(kind, watermark);
    }
    wake();
  }

  async function resendAfterSilence(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(resendMs, stopping.signal);
      const oldMs = clock.nowMs() - resendMs;
      for (const [key, sentMs] of underWay) if (sentMs <= oldMs) underWay.delete(key);
      wake();
    }
  }

  const unsubscribe = await link.subscribe('committed', params, onCommitted);
  const ungreet = link.onConnect(() => {
    underWay.clear();
    wake();
  });
  const resending = resendAfterSilence().catch(() => undefined);

  return {
    wake,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      ungreet();
      await Promise.all([unsubscribe().catch(() => undefined), resending, sending]);
    },
  };
}

const keyOf = (entry: OutboxEntry): string => `${entry.class}:${entry.sequence}`;

function sequenceOf(kind: OutboxClass, key: string): number | undefined {
  return key.startsWith(`${kind}:`) ? Number(key.slice(kind.length + 1)) : undefined;
}
