import type { Code } from '@edgewise/protocol';
import type {
  EventEntry,
  QuarantineEntry,
  SequenceKey,
  SequenceRecord,
  TelemetryBooks,
  WindowEntry,
} from './records.ts';
import { addRange, includes } from './sequence-set.ts';

/** A message of an outbox as it arrived. */
export type Arrival =
  | { readonly kind: 'window'; readonly entry: WindowEntry }
  | { readonly kind: 'event'; readonly entry: EventEntry }
  | { readonly kind: 'unreadable'; readonly entry: QuarantineEntry };

/** What a commit has changed. */
export interface StoredBatch {
  /** Those that were not there before, in order of arrival. */
  readonly fresh: readonly Arrival[];
  /** The present sequence record of everybody who said something, duplicates included. */
  readonly records: readonly SequenceRecord[];
}

/** Furthest jump ahead that is believed of a message that cannot be read. */
const plausibleJump = 10_000;

/**
 * Ranges that are kept of one outbox. A device that leaves more gaps than that is not heard beyond
 * them: its messages stay with it, uncovered, until it fills some.
 */
const mostRanges = 4096;

/** Sequence records that are known without asking the store. */
export type KnownSequences = ReadonlyMap<string, SequenceRecord>;

/** The name of a sequence record in `KnownSequences`. */
export function sequenceKey(record: SequenceKey): string {
  return `${record.device} ${record.class} ${record.epoch}`;
}

interface StoreOptions {
  readonly nowMs: number;
  readonly known: KnownSequences;
}

/**
 * Writes arrivals idempotently: a replay is recognised by device, class, epoch and sequence, also
 * when the message itself has long been rolled up.
 */
export async function storeBatch(
  books: TelemetryBooks,
  arrivals: readonly Arrival[],
  { nowMs, known }: StoreOptions,
): Promise<StoredBatch> {
  const records = new Map<string, SequenceRecord>();
  const changed = new Set<string>();

  async function recordOf(key: SequenceKey): Promise<SequenceRecord> {
    const name = sequenceKey(key);
    const record = records.get(name) ?? known.get(name) ?? (await books.sequences(key));
    records.set(name, record);
    return record;
  }

  function keep(record: SequenceRecord): void {
    const name = sequenceKey(record);
    changed.add(name);
    records.set(name, { ...record, updatedAtMs: nowMs });
  }

  /** Whether this number is new. */
  async function note(key: SequenceKey, sequence: number): Promise<boolean> {
    const record = await recordOf(key);
    if (includes(record.received, sequence)) return false;
    const received = addRange(record.received, sequence, sequence);
    if (received.length > mostRanges) return false;
    keep({ ...record, received });
    return true;
  }

  async function noteEvent({ device, event }: EventEntry): Promise<boolean> {
    const { epoch, sequence, body } = event;
    if (!(await note({ device, class: 'event', epoch }, sequence))) return false;
    if (body.kind === 'dropped' && body.last >= body.first) {
      const record = await recordOf({ device, class: body.class, epoch });
      const dropped = addRange(record.dropped, body.first, body.last);
      if (dropped.length <= mostRanges) keep({ ...record, dropped });
    }
    return true;
  }

  async function storeUnreadable(entry: QuarantineEntry): Promise<boolean> {
    const { device, class: kind, epoch, sequence } = entry;
    if (epoch !== undefined && sequence !== undefined) {
      const record = await recordOf({ device, class: kind, epoch });
      if (isPlausible(record, sequence, entry.code)) await note(record, sequence);
    }
    return await books.putQuarantine(entry);
  }

  function isNew({ kind, entry }: Arrival): Promise<boolean> {
    switch (kind) {
      case 'window':
        return note(
          { device: entry.device, class: 'window', epoch: entry.window.epoch },
          entry.window.sequence,
        );
      case 'event':
        return noteEvent(entry);
      case 'unreadable':
        return storeUnreadable(entry);
    }
  }

  const fresh: Arrival[] = [];
  for (const arrival of arrivals) if (await isNew(arrival)) fresh.push(arrival);
  await books.putWindows(fresh.flatMap(({ kind, entry }) => (kind === 'window' ? [entry] : [])));
  await books.putEvents(fresh.flatMap(({ kind, entry }) => (kind === 'event' ? [entry] : [])));
  const all = [...records.entries()];
  await books.putSequences(all.flatMap(([name, record]) => (changed.has(name) ? [record] : [])));
  return {
    fresh,
    records: all.flatMap(([, record]) => (record.received.length > 0 ? [record] : [])),
  };
}

/** Damaged bytes may name any number; those of a newer version are in order, only not ours to read. */
function isPlausible({ received }: SequenceRecord, sequence: number, code: Code): boolean {
  const last = received.at(-1)?.[1];
  if (last === undefined) return code === 'newer-version' && sequence <= plausibleJump;
  return sequence <= last + plausibleJump;
}
