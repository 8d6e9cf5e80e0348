import type { BundleRef, Refusal } from '@edgewise/protocol';
import type { DeviceRecord } from '../fleet/fleet.ts';

/** What a plan needs to know of one device. */
export interface DeviceFacts {
  readonly device: string;
  readonly isOnline: boolean;
  /** Since when it is on- or offline. */
  readonly sinceMs: number;
  readonly isRevoked: boolean;
  /** Manifest of its present target. */
  readonly target: string | undefined;
  /** Rollout that set its present target. */
  readonly rollout: string | undefined;
  /** Manifest that serves, past its trial. */
  readonly serving: string | undefined;
  readonly refusals: readonly Refusal[];
}

/** The facts in the hub's record of a device. */
export function factsOf(record: DeviceRecord): DeviceFacts {
  const active = record.state?.slots.active;
  return {
    device: record.id,
    isOnline: record.presence.status === 'online',
    sinceMs: record.presence.sinceMs,
    isRevoked: record.revoked,
    target: record.active?.manifest,
    rollout: record.rollout,
    serving: active?.status === 'serving' ? active.bundle.manifest : undefined,
    refusals: record.state?.refusals ?? [],
  };
}

/** What a device would go back to: what serves, else what it was last told. */
export function previousOf(record: DeviceRecord): BundleRef | null {
  const active = record.state?.slots.active;
  return active?.status === 'serving' ? active.bundle : record.active;
}
