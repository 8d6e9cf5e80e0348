import type { BundleRef, ParityReport, Refusal, SlotReport } from '@edgewise/protocol';

/** One installed bundle: what the device reports of it, and how often it was started in vain. */
export interface Slot extends SlotReport {
  /** Process starts or proofs that were begun and have not ended well. */
  readonly attempts: number;
}

/** Which bundle holds which place, and which ones this device will not run. */
export interface Roles {
  readonly active?: Slot;
  readonly candidate?: Slot;
  readonly fallback?: Slot;
  /** Newest last, at most 16. */
  readonly refusals: readonly Refusal[];
}

/** No bundle anywhere. */
export const emptyRoles: Roles = { refusals: [] };

const mostRefusals = 16;

/** A verified bundle becomes the candidate, whatever was it before. */
export function installed(roles: Roles, bundle: BundleRef): Roles {
  return { ...roles, candidate: { bundle, status: 'installed', attempts: 0 } };
}

/** One more attempt to start what holds a role; noted before it is made, since it may crash. */
export function attempted(roles: Roles, role: 'active' | 'candidate'): Roles {
  const slot = roles[role];
  return slot === undefined
    ? roles
    : { ...roles, [role]: { ...slot, attempts: slot.attempts + 1 } };
}

/** The proof of the candidate was called off before it told anything: it does not count. */
export function calledOff(roles: Roles): Roles {
  const slot = roles.candidate;
  if (slot === undefined) return roles;
  return { ...roles, candidate: { ...slot, attempts: Math.max(0, slot.attempts - 1) } };
}

/** The candidate gave its golden answers. */
export function proved(roles: Roles, parity: ParityReport): Roles {
  const slot = roles.candidate;
  if (slot === undefined) return roles;
  return { ...roles, candidate: { ...slot, status: 'proved', parity, attempts: 0 } };
}

/** The active slot gave its golden answers again, after a start. */
export function certified(roles: Roles, parity: ParityReport): Roles {
  return roles.active === undefined ? roles : { ...roles, active: { ...roles.active, parity } };
}

/** A candidate goes on trial, a fallback serves at once; what served before is kept as fallback. */
export function activated(
  roles: Roles,
  from: 'candidate' | 'fallback',
  options: { readonly nowMs: number },
): Roles {
  const slot = roles[from];
  if (slot === undefined) return roles;
  const { active, candidate: _candidate, fallback, ...rest } = roles;
  const status = from === 'candidate' ? 'trial' : 'serving';
  const kept = active?.status === 'serving' || from === 'fallback' ? active : fallback;
  return {
    ...rest,
    active: { ...slot, status, servingSinceMs: options.nowMs, attempts: 0 },
    ...(kept === undefined || kept.status !== 'serving' ? {} : { fallback: kept }),
  };
}

/** The trial of the active slot ended well. */
export function confirmed(roles: Roles): Roles {
  const slot = roles.active;
  return slot === undefined
    ? roles
    : { ...roles, active: { ...slot, status: 'serving', attempts: 0 } };
}

/** The active slot is given up for the fallback, and refused from now on. */
export function reverted(roles: Roles, refusal: Refusal): Roles {
  const { active: _failed, fallback, ...rest } = refused(roles, refusal);
  if (fallback === undefined) return rest;
  return { ...rest, active: { ...fallback, status: 'serving', servingSinceMs: refusal.atMs } };
}

/** A bundle will not be run; it leaves the candidate's place. */
export function refused(roles: Roles, refusal: Refusal): Roles {
  const others = roles.refusals.filter((known) => known.manifest !== refusal.manifest);
  const { candidate, ...rest } = roles;
  const keep = candidate !== undefined && candidate.bundle.manifest !== refusal.manifest;
  return {
    ...rest,
    ...(keep ? { candidate } : {}),
    refusals: [...others, refusal].slice(-mostRefusals),
  };
}

/** A role is vacated. */
export function vacated(roles: Roles, role: 'active' | 'candidate' | 'fallback'): Roles {
  const { [role]: _gone, ...rest } = roles;
  return rest;
}

/** The active bundle is damaged: the fallback takes its place, and nothing is refused. */
export function lost(roles: Roles): Roles {
  const { active: _damaged, fallback, ...rest } = roles;
  return fallback === undefined ? rest : { ...rest, active: { ...fallback, status: 'serving' } };
}
