import type { Code, DeviceEvent, OutboxClass, Watermark } from '@edgewise/protocol';
import type { LossLedger } from '@edgewise/protocol/http';
import type { StoredEvent, StoredWindow } from './telemetry.ts';

/** One message that is to become durable, with its bytes as they came. */
export type Incoming =
  | {
      readonly class: 'window';
      readonly device: string;
      readonly epoch: number;
      readonly sequence: number;
      readonly receivedAtMs: number;
      readonly startMs: number;
      readonly body: Uint8Array;
    }
  | {
      readonly class: 'event';
      readonly device: string;
      readonly epoch: number;
      readonly sequence: number;
      readonly receivedAtMs: number;
      readonly event: DeviceEvent;
    };

/** A message that could not be read. */
export interface Unreadable {
  readonly device: string;
  readonly class: OutboxClass;
  readonly receivedAtMs: number;
  readonly code: Code;
  readonly reason: string;
  readonly body: Uint8Array;
  /** Where its place could be read nevertheless. */
  readonly place: { readonly epoch: number; readonly sequence: number } | undefined;
}

/**
 * What telemetry keeps. Promises: `put` and `quarantine` resolve when the rows are durable, and
 * a repeated message changes nothing; they reject with `disk-full` when nothing can be written.
 */
export interface TelemetryStore {
  /** Whether the message is new. */
  put(message: Incoming): Promise<boolean>;
  quarantine(message: Unreadable): Promise<void>;
  /** The watermark of the newest epoch of each class that has any. */
  watermarks(device: string): Promise<ReadonlyMap<OutboxClass, Watermark>>;
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
  ledger(device: string): Promise<LossLedger>;
  windowCount(): Promise<number>;
}
