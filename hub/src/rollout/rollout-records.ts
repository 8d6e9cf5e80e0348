import type { BundleRef } from '@edgewise/protocol';
import type { Rollout } from '@edgewise/protocol/http';

/** A rollout with what its devices are to serve. */
export interface RolloutRecord {
  readonly rollout: Rollout;
  /** By device; `null` is nothing. Devices without a variant are absent. */
  readonly bundles: Readonly<Record<string, BundleRef | null>>;
  /** When anything of it last changed. */
  readonly changedAtMs: number;
}

/** Where rollouts are written down. Owned by `createRollouts`. Promise: what resolved is durable. */
export interface RolloutRecords {
  put(record: RolloutRecord): Promise<void>;
  find(rollout: string): Promise<RolloutRecord | undefined>;
  /** Newest first. */
  list(options: {
    readonly limit: number;
    readonly model?: string;
  }): Promise<readonly RolloutRecord[]>;
  /** Rollouts with work left or devices still to converge, oldest first. */
  open(): Promise<readonly RolloutRecord[]>;
}
