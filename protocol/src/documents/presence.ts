import Type, { type Static } from 'typebox';
import { Count, TimestampMs } from '../ids.ts';

/** Whether a device is connected. `offline` is the last will; `stopped` is a clean goodbye. */
export const Presence = Type.Object({
  v: Type.Integer({ minimum: 1 }),
  status: Type.Enum(['online', 'offline', 'stopped']),
  /** Random per process start; tells a restart from a cloned card. */
  instance: Type.String({ minLength: 1, maxLength: 64 }),
  /** Rises with every connection of this instance, so that a late last will is recognised. */
  session: Count,
  atMs: TimestampMs,
});
export type Presence = Static<typeof Presence>;
