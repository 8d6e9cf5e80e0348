import type {
  BundleRef,
  CommandBody,
  DeviceClass,
  DevicePolicies,
  DeviceState,
  Reply,
} from '@edgewise/protocol';
import type { Signal } from '../signal.ts';

/** A device in the hub's books. */
export interface DeviceRecord {
  readonly id: string;
  readonly publicKey: string;
  readonly deviceClass: DeviceClass;
  readonly enrolledAtMs: number;
  readonly revoked: boolean;
  readonly cloned: boolean;
  readonly presence: {
    readonly status: 'online' | 'offline' | 'stopped' | 'never';
    readonly sinceMs: number;
  };
  /** What it last reported; `undefined` before the first report. */
  readonly state: DeviceState | undefined;
  /** What it was last told. Generation 0: nothing yet. */
  readonly generation: number;
  readonly active: BundleRef | null;
  readonly rollout: string | undefined;
}

/** What is to change in a device's target; what is left out stays. */
export interface TargetChange {
  readonly active?: BundleRef | null;
  readonly rollout?: string;
  readonly policies?: DevicePolicies;
}

/**
 * The devices of one hub. Owned by rollout, alarms and the API.
 *
 * Promises: a target or command is durable before it is published; generations only rise, also
 * after a restore from a backup; a target is published again whenever the link comes up.
 */
export interface Fleet {
  list(): Promise<readonly DeviceRecord[]>;
  /** Rejects with `not-found`. */
  get(device: string): Promise<DeviceRecord>;
  /** Signs and publishes a new target; resolves to its generation. */
  setTarget(device: string, change: TargetChange): Promise<number>;
  /** Signs and publishes a command; resolves to the reply or rejects with `timeout` or `unavailable`. */
  command(device: string, body: CommandBody, signal?: AbortSignal): Promise<Reply>;
  revoke(device: string): Promise<void>;
  /** Any change of a record: presence, state, target. */
  readonly changed: Signal<DeviceRecord>;
}
