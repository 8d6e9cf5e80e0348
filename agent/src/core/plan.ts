import type { BundleRef, DeviceClass, Target } from '@edgewise/protocol';
import type { Roles, Slot } from './slot.ts';
import type { Step } from './step.ts';

/** What is known besides slots and target. */
export interface Facts {
  readonly deviceClass: DeviceClass;
  readonly nowMs: number;
  /** How the trial of the active slot stands; `detail` says why it failed or how long it lasts. */
  readonly trial: { readonly verdict: 'running' | 'passed' | 'failed'; readonly detail: string };
  /** Whether every file of the wanted bundle is on the disk, and whether it was verified since. */
  readonly bundle: 'missing' | 'downloaded' | 'verified';
  /** Proofs that may crash the process before a candidate is refused. */
  readonly mostAttempts: number;
}

/**
 * The steps that lead from what is to what should be, first one first. Empty means converged; a
 * `wait` alone means blocked, and says why. Pure and deterministic: it is asked again after each step.
 */
export function plan(roles: Roles, target: Target | undefined, facts: Facts): readonly Step[] {
  const trial = endOfTrial(roles, facts);
  if (trial !== undefined) return [trial];
  if (target === undefined) return [];
  const steps = target.active === null ? vacate(roles) : reach(roles, target.active, facts);
  const acts = steps.some((step) => step.name !== 'wait' && step.name !== 'refuseBundle');
  if (acts && facts.nowMs > target.expiresAtMs) {
    return [{ name: 'wait', code: 'expired', detail: 'The target is too old to be acted upon.' }];
  }
  return steps;
}

/** Trials end whatever the target says: safety does not wait for orders. */
function endOfTrial({ active }: Roles, { trial }: Facts): Step | undefined {
  if (active?.status !== 'trial') return undefined;
  const manifest = active.bundle.manifest;
  if (trial.verdict === 'failed') return { name: 'revertSlot', manifest, detail: trial.detail };
  if (trial.verdict === 'passed') return { name: 'confirmSlot', manifest };
  return undefined;
}

function vacate(roles: Roles): readonly Step[] {
  return [
    ...remove('candidate', roles.candidate),
    ...remove('active', roles.active),
    ...remove('fallback', roles.fallback),
  ];
}

function reach(roles: Roles, wanted: BundleRef, facts: Facts): readonly Step[] {
  const manifest = wanted.manifest;
  if (roles.active?.bundle.manifest === manifest) return settle(roles, roles.active, facts);
  const refusal = roles.refusals.find((known) => known.manifest === manifest);
  if (refusal !== undefined) {
    const wait = { name: 'wait', code: refusal.code, detail: refusal.detail } as const;
    return [...remove('candidate', roles.candidate), wait];
  }
  if (!canRun(facts.deviceClass, wanted.deviceClass)) {
    const detail = `The bundle is for ${wanted.deviceClass}, this device is ${facts.deviceClass}.`;
    return [{ name: 'refuseBundle', manifest, code: 'incompatible', detail }];
  }
  if (roles.fallback?.bundle.manifest === manifest) {
    return [{ name: 'activateSlot', manifest, from: 'fallback' }];
  }
  const other = roles.candidate?.bundle.manifest === manifest ? undefined : roles.candidate;
  return [...remove('candidate', other), ...prepare(roles, wanted, facts)];
}

function settle(roles: Roles, active: Slot, facts: Facts): readonly Step[] {
  if (roles.candidate !== undefined) return remove('candidate', roles.candidate);
  if (active.status !== 'trial') return [];
  return [{ name: 'wait', code: 'insufficient-data', detail: facts.trial.detail }];
}

function prepare(roles: Roles, wanted: BundleRef, facts: Facts): readonly Step[] {
  const manifest = wanted.manifest;
  const activate: Step = { name: 'activateSlot', manifest, from: 'candidate' };
  const slot = roles.candidate?.bundle.manifest === manifest ? roles.candidate : undefined;
  if (slot?.status === 'proved') return [activate];
  if (slot !== undefined && slot.attempts >= facts.mostAttempts) {
    const detail = `The process ended ${slot.attempts} times while the bundle was being proved.`;
    return [{ name: 'refuseBundle', manifest, code: 'trial-failed', detail }];
  }
  const rest: readonly Step[] = [{ name: 'proveSlot', manifest }, activate];
  if (slot !== undefined) return rest;
  const install: readonly Step[] = [{ name: 'installSlot', bundle: wanted }, ...rest];
  if (facts.bundle === 'verified') return install;
  const verify: readonly Step[] = [{ name: 'verifyBundle', bundle: wanted }, ...install];
  if (facts.bundle === 'downloaded') return verify;
  return [{ name: 'downloadBundle', bundle: wanted }, ...verify];
}

function remove(
  role: 'active' | 'candidate' | 'fallback',
  slot: Slot | undefined,
): readonly Step[] {
  return slot === undefined ? [] : [{ name: 'removeSlot', role, manifest: slot.bundle.manifest }];
}

/** Builds that a device can run besides those of its own class: the plainer ones of its processor. */
const plainer: Readonly<Partial<Record<DeviceClass, DeviceClass>>> = {
  'x64-vnni': 'x64',
  'arm64-dot': 'arm64',
};

function canRun(device: DeviceClass, bundle: DeviceClass): boolean {
  return device === bundle || plainer[device] === bundle;
}
