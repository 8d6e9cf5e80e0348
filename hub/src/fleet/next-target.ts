import { type DevicePolicies, limits, mebibytes, type Target } from '@edgewise/protocol';
import type { StoredDevice } from './devices.ts';
import type { TargetChange } from './fleet.ts';

/** How a device behaves until somebody says otherwise. */
export const defaultPolicies: DevicePolicies = { predictions: 'off', outboxBytes: mebibytes(64) };

/**
 * The target that follows the present one. Its generation is above everything the device was told
 * and everything it reports, so a hub that was restored from a backup is heard again.
 */
export function nextTarget(
  device: StoredDevice,
  change: TargetChange,
  { fleet, nowMs }: { readonly fleet: string; readonly nowMs: number },
): Target {
  const { target, state } = device;
  const rollout = change.rollout ?? target?.rollout;
  return {
    v: 1,
    fleet,
    device: device.id,
    generation: Math.max(device.generation, state?.observedGeneration ?? 0) + 1,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + limits.targetLifeMs,
    active: change.active === undefined ? (target?.active ?? null) : change.active,
    ...(rollout !== undefined && { rollout }),
    policies: change.policies ?? target?.policies ?? defaultPolicies,
  };
}

/** Whether the present target must be issued anew: the device has seen a newer one, or it grows old. */
export function isOutOfDate({ target, generation, state }: StoredDevice, nowMs: number): boolean {
  if (!target) return false;
  const isBehind = (state?.observedGeneration ?? 0) > generation;
  return isBehind || target.expiresAtMs - nowMs < limits.targetLifeMs / 2;
}
