import type { Presence } from '@edgewise/protocol';

/** What the hub believes about a device's connection. */
export interface PresenceRecord {
  readonly status: 'online' | 'offline' | 'stopped' | 'never';
  readonly sinceMs: number;
  /** The instance and session that this speaks of; `undefined` before the first. */
  readonly instance: string | undefined;
  readonly session: number;
}

/**
 * What a presence message changes; `undefined` for nothing. A goodbye counts only for the session it
 * belongs to: a last will may arrive long after its device is back.
 */
export function nextPresence(
  current: PresenceRecord,
  { status, instance, session }: Presence,
  nowMs: number,
): PresenceRecord | undefined {
  const isSame = instance === current.instance;
  if (status !== 'online' && !(isSame && session === current.session)) return undefined;
  if (isSame && session < current.session) return undefined;
  if (isSame && session === current.session && status === current.status) return undefined;
  const sinceMs = status === current.status ? current.sinceMs : nowMs;
  return { status, sinceMs, instance, session };
}
