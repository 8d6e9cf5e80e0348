import type { Code } from '@edgewise/protocol';

/** Where the broker finds the keys of enrolled devices. */
export interface DeviceKeys {
  /** `undefined` for a device that never enrolled. */
  findKey(
    device: string,
  ): Promise<{ readonly publicKey: string; readonly revoked: boolean } | undefined>;
}

/** Which blobs a device may read: those that its own target names, directly or through its manifest. */
export interface BlobAccess {
  mayRead(device: string, digest: string): Promise<boolean>;
}

/** API tokens as MQTT passwords of the user `api:NAME`. */
export interface ApiTokens {
  /** Whether this secret belongs to a valid token of this name; any scope may read. */
  verify(name: string, secret: string): Promise<boolean>;
}

/** A sign-in that was refused. */
export interface RefusedSignIn {
  /** As the client gave it; may be nonsense. */
  readonly username: string;
  readonly code: Code;
  readonly reason: string;
  readonly atMs: number;
}
