import type { DeviceEvent, PackedWindow } from '@edgewise/protocol';
import type { LossLedger } from '@edgewise/protocol/http';
import type { Signal } from '../signal.ts';

/** A durable window of one device. */
export interface StoredWindow {
  readonly device: string;
  readonly receivedAtMs: number;
  readonly window: PackedWindow;
}

/** A durable event of one device. */
export interface StoredEvent {
  readonly device: string;
  readonly event: DeviceEvent;
}

/**
 * What devices have told the hub. Owned by alarms and the API.
 *
 * Promises: `windowStored` and `eventStored` fire after the commit and before the watermark goes
 * out, once per message, in sequence order per device and epoch as far as messages arrived in
 * order (late ones fire when they come).
 */
export interface Telemetry {
  /** Newest first. */
  windows(
    device: string,
    options: { readonly limit: number; readonly beforeMs?: number },
  ): Promise<readonly StoredWindow[]>;
  /** Newest first. */
  events(device: string, options: { readonly limit: number }): Promise<readonly StoredEvent[]>;
  /** Windows after (epoch, sequence), oldest first: what a monitor has not seen yet. */
  windowsAfter(
    device: string,
    after: { readonly epoch: number; readonly sequence: number },
    limit: number,
  ): Promise<readonly StoredWindow[]>;
  ledger(device: string): Promise<LossLedger>;
  /** All windows ever received. */
  windowCount(): Promise<number>;
  readonly windowStored: Signal<StoredWindow>;
  readonly eventStored: Signal<StoredEvent>;
  /** Asks a device for a sample it offered; resolves to its bytes, checked. Rejects with `timeout` or `digest-mismatch`. */
  fetchSample(
    device: string,
    sample: string,
    parts: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array>;
}
