import { type Committed, limits, type OutboxClass } from '@edgewise/protocol';
import type { SequenceRecord } from './records.ts';
import { unite, upTo, watermarkOf } from './sequence-set.ts';

/** Tells devices how far they are durable, each at most once per second. */
export interface Watermarks {
  /** A device has said something; `records` are its present sequence records. */
  note(records: readonly SequenceRecord[]): void;
  /** Ends; nothing is sent afterwards. */
  end(): void;
}

interface WatermarkOptions {
  readonly send: (device: string, committed: Committed) => void;
  readonly everyMs?: number;
}

type Latest = Partial<Record<OutboxClass, SequenceRecord>>;

/** Sends the first watermark at once and gathers what follows. */
export function createWatermarks({
  send,
  everyMs = limits.watermarkMs,
}: WatermarkOptions): Watermarks {
  const latest = new Map<string, Latest>();
  const dirty = new Set<string>();
  const resting = new Map<string, NodeJS.Timeout>();

  function tell(device: string): void {
    dirty.delete(device);
    const rest = () => {
      resting.delete(device);
      if (dirty.has(device)) tell(device);
    };
    resting.set(device, setTimeout(rest, everyMs));
    send(device, committedOf(latest.get(device) ?? {}));
  }

  return {
    note(records) {
      for (const record of records) {
        latest.set(record.device, { ...latest.get(record.device), [record.class]: record });
        dirty.add(record.device);
      }
      for (const { device } of records) {
        if (dirty.has(device) && !resting.has(device)) tell(device);
      }
    },
    end() {
      for (const timer of resting.values()) clearTimeout(timer);
      resting.clear();
      dirty.clear();
    },
  };
}

function committedOf({ window, event }: Latest): Committed {
  return {
    v: 1,
    ...(window && { window: markOf(window) }),
    ...(event && { event: markOf(event) }),
  };
}

/**
 * What the device dropped it will not send again, so it counts as covered; but never beyond what has
 * come: a range that is wrong must not make the device forget what it has yet to send.
 */
function markOf({ epoch, received, dropped }: SequenceRecord) {
  const last = received.at(-1)?.[1] ?? 0;
  return watermarkOf(epoch, upTo(unite(received, dropped), last));
}
