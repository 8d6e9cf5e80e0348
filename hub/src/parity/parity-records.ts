import type { Code, DeviceClass, ParityReport } from '@edgewise/protocol';

/** What a device found when it tried a bundle. */
export interface ParityRecord {
  readonly device: string;
  /** Digest of the bundle's manifest. */
  readonly manifest: string;
  /** Class of the device at that time. */
  readonly deviceClass: DeviceClass;
  readonly outcome: 'proved' | 'refused';
  /** The certificate; `undefined` where the bundle was refused before a golden vector was run. */
  readonly parity?: ParityReport;
  /** Why it was refused. */
  readonly code?: Code;
  readonly detail?: string;
  readonly atMs: number;
}

/** Where certificates are kept: the newest of each device and bundle. Owned by `createParity`. */
export interface ParityRecords {
  put(record: ParityRecord): Promise<void>;
  /** Of any of these bundles. */
  of(manifests: readonly string[]): Promise<readonly ParityRecord[]>;
}
