import type { DriftSummary } from '@edgewise/protocol/http';

/** What the drift monitor thinks of devices, for their pictures in the API. */
export interface DriftView {
  /** Where the monitor stands with a device. */
  summary(device: string): Promise<DriftSummary>;
  /** Where it stood after one window. */
  ofWindow(device: string, epoch: number, sequence: number): Promise<DriftSummary>;
}

/** Which model version a window speaks of. */
export interface WindowModels {
  /** By the first 8 bytes of the digest of the reference counts, 16 hexadecimal digits. */
  byReference(
    reference: string,
  ): Promise<{ readonly model: string; readonly version: number } | undefined>;
}
