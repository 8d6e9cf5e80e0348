import type { Alarm, DriftSummary } from '@edgewise/protocol/http';
import type { WatchedDevice } from './watched-device.ts';

/** What one device was asked for. */
export interface CaptureAsk {
  readonly device: string;
  readonly random: number;
  readonly uncertain: number;
  readonly status: 'pending' | 'sent';
  /** When it was last tried; `null` before the first time. */
  readonly triedAtMs: number | null;
}

/** An alarm with what its renewal has to remember. */
export interface AlarmRecord {
  readonly alarm: Alarm;
  readonly asks: readonly CaptureAsk[];
  /** The last retraining that this alarm began. */
  readonly attempt: { readonly startedAtMs: number; readonly randomLabels: number } | null;
  /** Version that the retraining made. */
  readonly challenger: number | null;
}

/** One window's verdict. */
export interface WindowVerdict {
  readonly device: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly drift: DriftSummary;
}

/** Where alarms and monitor states are written down. Owned by `createAlarms`. Promise: what resolved is durable. */
export interface AlarmRecords {
  put(record: AlarmRecord): Promise<void>;
  find(alarm: string): Promise<AlarmRecord | undefined>;
  /** Newest first. */
  list(limit: number): Promise<readonly AlarmRecord[]>;
  /** Neither resolved nor dismissed, oldest first. */
  open(): Promise<readonly AlarmRecord[]>;
  /** States and verdicts in one transaction. */
  saveWatch(devices: readonly WatchedDevice[], verdicts: readonly WindowVerdict[]): Promise<void>;
  findWatched(device: string): Promise<WatchedDevice | undefined>;
  forgetWatched(device: string): Promise<void>;
  findVerdict(device: string, epoch: number, sequence: number): Promise<DriftSummary | undefined>;
}
