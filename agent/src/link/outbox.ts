import type { OutboxClass, Watermark } from '@edgewise/protocol';

/** One message that waits for the hub's watermark. */
export interface OutboxEntry {
  readonly class: OutboxClass;
  readonly sequence: number;
  /** The message as it will be sent. */
  readonly bytes: Uint8Array;
}

/** Messages that the budget dropped before the hub had them. */
export interface DroppedRange {
  readonly class: OutboxClass;
  readonly first: number;
  readonly last: number;
}

/** What the outbox holds and has lost. */
export interface OutboxStats {
  readonly messages: number;
  readonly bytes: number;
  /** Messages dropped since the outbox was made. */
  readonly dropped: number;
}

/**
 * Keeps windows and events until they are durable at the hub.
 *
 * Promises of every implementation, checked by `describeOutbox`: `append` returns when the entry is
 * durable; sequences of a class start at 1 and rise by one for ever within an epoch; entries leave by
 * a watermark of this epoch, or, oldest first, when the budget is exceeded, and then they are counted.
 */
export interface Outbox extends Disposable {
  /** Tells this outbox from an earlier one of the same device that was lost. */
  readonly epoch: number;
  /** Numbers a message, keeps it and returns its number. */
  append(kind: OutboxClass, encode: (at: Numbered) => Uint8Array): number;
  /** Oldest entries first, over all classes, at most `limit`. */
  oldest(limit: number): readonly OutboxEntry[];
  /** Drops what a watermark covers; entries inside its gaps stay. */
  commit(kind: OutboxClass, watermark: Watermark): void;
  /** Sets the budget in bytes. */
  limit(budgetBytes: number): void;
  /** Turns what was dropped since the last call into events, one per range, durable at once. */
  reportDropped(encode: (range: DroppedRange, at: Numbered) => Uint8Array): void;
  stats(): OutboxStats;
}

/** Where a message stands in its outbox. */
export interface Numbered {
  readonly epoch: number;
  readonly sequence: number;
}

/** Whether a watermark covers a sequence number. */
export function isCovered(watermark: Watermark, sequence: number): boolean {
  if (sequence > watermark.sequence) return false;
  return !watermark.gaps.some(([first, last]) => sequence >= first && sequence <= last);
}

/** Joins neighbouring ranges of one class. */
export function joinRanges(ranges: readonly DroppedRange[]): readonly DroppedRange[] {
  const sorted = ranges.toSorted((a, b) => a.class.localeCompare(b.class) || a.first - b.first);
  const joined: DroppedRange[] = [];
  for (const range of sorted) {
    const last = joined.at(-1);
    if (last?.class === range.class && range.first <= last.last + 1) {
      joined[joined.length - 1] = { ...last, last: Math.max(last.last, range.last) };
    } else {
      joined.push(range);
    }
  }
  return joined;
}
