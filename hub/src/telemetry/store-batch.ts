import type { Code, OutboxClass } from '@edgewise/protocol';
import type {
  EventEntry,
  QuarantineEntry,
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
 * Writes arrivals idempotently: a replay is recognised by device, class, epoch and sequence, also
 * when the message itself has long been rolled up.
 */
export async function storeBatch(
  books: TelemetryBooks,
  arrivals: readonly Arrival[],
  nowMs: number,
): Promise<StoredBatch> {
  const records = new Map<string, SequenceRecord>();
  const fresh: Arrival[] = [];

  async function recordOf(device: string, kind: OutboxClass, epoch: number) {
    const key = `${device} ${kind} ${epoch}`;
    const known = records.get(key) ?? (await books.sequences({ device, class: kind, epoch }));
    records.set(key, known);
    return known;
  }

  function keep(record: SequenceRecord): void {
    const key = `${record.device} ${record.class} ${record.epoch}`;
    records.set(key, { ...record, updatedAtMs: nowMs });
  }

  async function note(device: string, kind: OutboxClass, epoch: number, sequence: number) {
    const record = await recordOf(device, kind, epoch);
    if (includes(record.received, sequence)) return false;
    keep({ ...record, received: addRange(record.received, sequence, sequence) });
    return true;
  }

  async function storeWindow(entry: WindowEntry): Promise<boolean> {
    const { epoch, sequence } = entry.window;
    if (!(await note(entry.device, 'window', epoch, sequence))) return false;
    await books.putWindow(entry);
    return true;
  }

  async function storeEvent(entry: EventEntry): Promise<boolean> {
    const { epoch, sequence, body } = entry.event;
    if (!(await note(entry.device, 'event', epoch, sequence))) return false;
    await books.putEvent(entry);
    if (body.kind === 'dropped' && body.last >= body.first) {
      const record = await recordOf(entry.device, body.class, epoch);
      keep({ ...record, dropped: addRange(record.dropped, body.first, body.last) });
    }
    return true;
  }

  async function storeUnreadable(entry: QuarantineEntry): Promise<boolean> {
    const { device, class: kind, epoch, sequence } = entry;
    if (epoch !== undefined && sequence !== undefined) {
      const record = await recordOf(device, kind, epoch);
      if (isPlausible(record, sequence, entry.code)) await note(device, kind, epoch, sequence);
    }
    return await books.putQuarantine(entry);
  }

  for (const arrival of arrivals) {
    const isNew =
      arrival.kind === 'window'
        ? await storeWindow(arrival.entry)
        : arrival.kind === 'event'
          ? await storeEvent(arrival.entry)
          : await storeUnreadable(arrival.entry);
    if (isNew) fresh.push(arrival);
  }
  for (const record of records.values()) {
    if (record.updatedAtMs === nowMs) await books.putSequences(record);
  }
  return { fresh, records: [...records.values()].filter(({ received }) => received.length > 0) };
}

/** Damaged bytes may name any number; those of a newer version are in order, only not ours to read. */
function isPlausible({ received }: SequenceRecord, sequence: number, code: Code): boolean {
  const last = received.at(-1)?.[1];
  if (last === undefined) return code === 'newer-version' && sequence <= plausibleJump;
  return sequence <= last + plausibleJump;
}
