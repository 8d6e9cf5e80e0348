import type { DeviceClass, DeviceState, SignedEnvelope, Target } from '@edgewise/protocol';
import type { PresenceRecord } from './presence.ts';

/** All that is kept about a device. */
export interface StoredDevice {
  readonly id: string;
  readonly publicKey: string;
  readonly deviceClass: DeviceClass;
  readonly agentVersion: string;
  readonly enrolledAtMs: number;
  readonly revokedAtMs: number | undefined;
  readonly clonedAtMs: number | undefined;
  readonly presence: PresenceRecord;
  readonly state: DeviceState | undefined;
  /** Of the newest target; 0 before the first. */
  readonly generation: number;
  /** Of the newest command. */
  readonly commandGeneration: number;
  readonly target: Target | undefined;
  /** The target as it was signed and published. */
  readonly envelope: SignedEnvelope | undefined;
}

/** A one-time secret, and who has used it. */
export interface StoredToken {
  readonly hash: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly publicKey: string | undefined;
  readonly device: string | undefined;
}

/** What may change in a device. */
export type DeviceChange = Partial<Omit<StoredDevice, 'id'>>;

/** The books of the fleet, inside one transaction. */
export interface DeviceBooks {
  find(device: string): Promise<StoredDevice | undefined>;
  findByKey(publicKey: string): Promise<StoredDevice | undefined>;
  insert(device: StoredDevice): Promise<void>;
  change(device: string, change: DeviceChange): Promise<void>;
  findToken(hash: string): Promise<StoredToken | undefined>;
  putToken(token: StoredToken): Promise<void>;
}

/** Where devices are kept. Promises: `write` resolves when its changes are durable, and works run one after the other. */
export interface Devices {
  /** By id. */
  list(): Promise<readonly StoredDevice[]>;
  find(device: string): Promise<StoredDevice | undefined>;
  /** Its key only; the broker asks at every sign-in. */
  findKey(
    device: string,
  ): Promise<{ readonly publicKey: string; readonly revoked: boolean } | undefined>;
  /** Its target only; asked for every subscription to a blob. */
  findTarget(device: string): Promise<Target | undefined>;
  write<T>(work: (books: DeviceBooks) => Promise<T>): Promise<T>;
}
