import type { LiveEvent } from '@edgewise/protocol/http';
import type { Live } from '../live.ts';

/** An event with its place in the log: `boot-number`, so that ids of an earlier process are told apart. */
export interface NumberedEvent {
  readonly id: string;
  readonly event: LiveEvent;
}

/** The last events, and whoever follows them. */
export interface EventLog extends Live {
  /**
   * Follows from after `lastId`; without one, from now. When events in between are gone, the first
   * event is a `reset`. Returns a function that ends it.
   */
  follow(lastId: string | undefined, receive: (event: NumberedEvent) => void): () => void;
}

interface EventLogOptions {
  /** Tells this process from others, for example its start in milliseconds. */
  readonly boot: string;
  readonly now: () => number;
  /** How many events are kept for readers that come back. */
  readonly keep?: number;
}

/** Keeps events in memory; predictions pass through without being kept. */
export function createEventLog({ boot, now, keep = 4096 }: EventLogOptions): EventLog {
  const kept: NumberedEvent[] = [];
  const followers = new Set<(event: NumberedEvent) => void>();
  let count = 0;
  const idOf = (number: number) => `${boot}-${number}`;

  /** Kept events after `lastId`; `undefined` when some of them are gone. */
  function since(lastId: string): readonly NumberedEvent[] | undefined {
    const number = Number(lastId.slice(lastId.lastIndexOf('-') + 1));
    if (idOf(number) !== lastId || number > count) return undefined;
    const missed = count - number;
    return missed > kept.length ? undefined : kept.slice(kept.length - missed);
  }

  return {
    emit(event) {
      if (event.kind === 'prediction') {
        for (const follower of followers) follower({ id: idOf(count), event });
        return;
      }
      count++;
      const numbered = { id: idOf(count), event };
      kept.push(numbered);
      if (kept.length > keep) kept.splice(0, kept.length - keep);
      for (const follower of followers) follower(numbered);
    },
    follow(lastId, receive) {
      if (lastId !== undefined) {
        const missed = since(lastId) ?? [
          { id: idOf(count), event: { kind: 'reset' as const, atMs: now() } },
        ];
        for (const event of missed) receive(event);
      }
      followers.add(receive);
      return () => followers.delete(receive);
    },
  };
}
