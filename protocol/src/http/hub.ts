import Type, { type Static } from 'typebox';
import { Count, Id, TimestampMs } from '../ids.ts';
import { ScopeSchema } from './scopes.ts';

/** Headline figures of the hub. */
export const HubStatus = Type.Object({
  hub: Type.String(),
  fleet: Id,
  version: Type.String(),
  protocol: Count,
  startedAtMs: TimestampMs,
  nowMs: TimestampMs,
  broker: Type.Object({
    kind: Type.Enum(['embedded', 'external']),
    url: Type.String(),
    connected: Type.Boolean(),
  }),
  devices: Type.Object({ total: Count, online: Count, converged: Count, cloned: Count }),
  models: Count,
  openAlarms: Count,
  activeRollouts: Count,
  activeRuns: Count,
  labelsWaiting: Count,
  windows: Count,
  /** Durable messages that are missing and that nobody accounts for. */
  unexplainedLosses: Count,
});
export type HubStatus = Static<typeof HubStatus>;

/** Answer of `/health`. */
export const Health = Type.Object({ ok: Type.Boolean(), version: Type.String() });
export type Health = Static<typeof Health>;

/** An API token without its secret. */
export const TokenInfo = Type.Object({
  name: Id,
  scope: ScopeSchema,
  createdAtMs: TimestampMs,
  lastUsedAtMs: Type.Union([TimestampMs, Type.Null()]),
});
export type TokenInfo = Static<typeof TokenInfo>;
