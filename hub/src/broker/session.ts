import type { Principal } from './principal.ts';
import type { TokenBucket } from './token-bucket.ts';

/** What the broker keeps about one connection after sign-in. */
export interface Session {
  readonly principal: Principal;
  /** Spaces its messages out; none for the hub itself. */
  readonly bucket: TokenBucket | undefined;
  /** Filters it holds or has asked for. */
  readonly filters: Set<string>;
  /** Blocks are withheld until it has caught up. */
  shedding: boolean;
  /** Monotonic milliseconds since when it is behind. */
  behindSinceMs: number | undefined;
  /** Whether the credential still holds. */
  recheck(): Promise<boolean>;
}
