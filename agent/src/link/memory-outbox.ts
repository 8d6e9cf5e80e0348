import type { OutboxClass } from '@edgewise/protocol';
import {
  type DroppedRange,
  isCovered,
  joinRanges,
  type Outbox,
  type OutboxEntry,
} from './outbox.ts';

/** An outbox that lives as long as its process: for tests and simulations. */
export function createMemoryOutbox(options: {
  readonly epoch: number;
  readonly budgetBytes: number;
}): Outbox {
  let budgetBytes = options.budgetBytes;
  let entries: readonly OutboxEntry[] = [];
  let bytes = 0;
  let dropped = 0;
  let untold: readonly DroppedRange[] = [];
  const last: Record<OutboxClass, number> = { window: 0, event: 0 };

  function keepBudget(): void {
    while (bytes > budgetBytes && entries.length > 0) {
      const [oldest, ...rest] = entries;
      if (oldest === undefined) return;
      entries = rest;
      bytes -= oldest.bytes.length;
      dropped++;
      const { class: kind, sequence } = oldest;
      untold = joinRanges([...untold, { class: kind, first: sequence, last: sequence }]);
    }
  }

  const append: Outbox['append'] = (kind, encode) => {
    const sequence = last[kind] + 1;
    const entry = { class: kind, sequence, bytes: encode({ epoch: options.epoch, sequence }) };
    last[kind] = sequence;
    entries = [...entries, entry];
    bytes += entry.bytes.length;
    keepBudget();
    return sequence;
  };

  return {
    epoch: options.epoch,
    append,
    oldest: (limit) => entries.slice(0, limit),
    commit(kind, watermark) {
      if (watermark.epoch !== options.epoch) return;
      entries = entries.filter(
        (entry) => entry.class !== kind || !isCovered(watermark, entry.sequence),
      );
      bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0);
    },
    limit(bytesAllowed) {
      budgetBytes = bytesAllowed;
      keepBudget();
    },
    reportDropped(encode) {
      const ranges = untold;
      untold = [];
      for (const range of ranges) append('event', (at) => encode(range, at));
    },
    stats: () => ({ messages: entries.length, bytes, dropped }),
    [Symbol.dispose]() {
      entries = [];
    },
  };
}
