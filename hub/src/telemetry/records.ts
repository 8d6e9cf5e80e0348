import type { Code, DeviceEvent, OutboxClass } from '@edgewise/protocol';
import type { LossLedger } from '@edgewise/protocol/http';
import type { SequenceSet } from './sequence-set.ts';
import type { StoredEvent, StoredWindow } from './telemetry.ts';

/** A window to be kept: what it says, and its bytes as they came. */
export interface WindowEntry extends StoredWindow {
  readonly body: Uint8Array;
}

/** An event to be kept. */
export interface EventEntry {
  readonly device: string;
  readonly receivedAtMs: number;
  readonly event: DeviceEvent;
}

/** A message that could not be read. */
export interface QuarantineEntry {
  readonly device: string;
  readonly class: OutboxClass;
  readonly digest: string;
  readonly receivedAtMs: number;
  readonly code: Code;
  readonly reason: string;
  readonly epoch: number | undefined;
  readonly sequence: number | undefined;
  readonly body: Uint8Array;
}

/** Which numbers of one outbox class and epoch have come, and which the device said it dropped. */
export interface SequenceRecord {
  readonly device: string;
  readonly class: OutboxClass;
  readonly epoch: number;
  readonly received: SequenceSet;
  readonly dropped: SequenceSet;
  readonly updatedAtMs: number;
}

/** Names one sequence record. */
export type SequenceKey = Pick<SequenceRecord, 'device' | 'class' | 'epoch'>;

/** What is written inside one commit; lists in one go. */
export interface TelemetryBooks {
  /** Those that exist stay as they are. */
  putWindows(entries: readonly WindowEntry[]): Promise<void>;
  putEvents(entries: readonly EventEntry[]): Promise<void>;
  /** Whether it was new. */
  putQuarantine(entry: QuarantineEntry): Promise<boolean>;
  sequences(key: SequenceKey): Promise<SequenceRecord>;
  putSequences(records: readonly SequenceRecord[]): Promise<void>;
}

/** Where telemetry is kept. Promises: `write` resolves when its changes are durable; works run in order. */
export interface TelemetryRecords {
  write<T>(work: (books: TelemetryBooks) => Promise<T>): Promise<T>;
  windows(
    device: string,
    options: { readonly limit: number; readonly beforeMs?: number },
  ): Promise<readonly StoredWindow[]>;
  windowsAfter(
    device: string,
    after: { readonly epoch: number; readonly sequence: number },
    limit: number,
  ): Promise<readonly StoredWindow[]>;
  events(device: string, options: { readonly limit: number }): Promise<readonly StoredEvent[]>;
  /** The newest epoch of each class of a device. */
  newestSequences(device: string): Promise<readonly SequenceRecord[]>;
  ledger(device: string): Promise<LossLedger>;
  windowCount(): Promise<number>;
}
