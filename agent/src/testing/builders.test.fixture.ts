import type { BundleRef, Target } from '@edgewise/protocol';
import type { Facts } from '../core/plan.ts';
import type { Roles, Slot } from '../core/slot.ts';

/** A bundle of a version; its digests are made of the version. */
export function aRef(version: number, changes: Partial<BundleRef> = {}): BundleRef {
  const digest = version.toString(16).padStart(64, '0');
  return {
    model: 'tiny',
    version,
    deviceClass: 'x64',
    manifest: digest,
    manifestSizeBytes: 1000,
    signature: digest,
    signatureSizeBytes: 1000,
    ...changes,
  };
}

/** A slot that holds a version. */
export function aSlot(version: number, changes: Partial<Slot> = {}): Slot {
  return { bundle: aRef(version), status: 'serving', attempts: 0, ...changes };
}

/** Roles with nothing but what is given. */
export const someRoles = (changes: Partial<Roles> = {}): Roles => ({ refusals: [], ...changes });

/** A target for a version, or for nothing. */
export function aTarget(version: number | null, changes: Partial<Target> = {}): Target {
  return {
    v: 1,
    fleet: 'home',
    device: 'pi',
    generation: 1,
    issuedAtMs: 0,
    expiresAtMs: 1000,
    active: version === null ? null : aRef(version),
    policies: { predictions: 'off', outboxBytes: 1000 },
    ...changes,
  };
}

/** Facts of an x64 device that has downloaded nothing. */
export function someFacts(changes: Partial<Facts> = {}): Facts {
  return {
    deviceClass: 'x64',
    nowMs: 500,
    trial: { verdict: 'running', detail: 'On trial.' },
    bundle: 'missing',
    mostAttempts: 3,
    ...changes,
  };
}
