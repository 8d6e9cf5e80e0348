import { type BundleRef, FleetError, type Refusal } from '@edgewise/protocol';
import { attempted, lost, type Roles, reverted } from '../core/slot.ts';
import type { Slots } from './slots.ts';

interface BootParts<T> {
  readonly slots: Slots;
  /** Verifies, loads and proves a bundle; rejects when it may not serve. */
  readonly open: (bundle: BundleRef) => Promise<T>;
  readonly nowMs: () => number;
  /** Starts on trial before the bundle is given up. */
  readonly mostAttempts: number;
  /** Told about each bundle that did not come up. */
  readonly onFailure: (bundle: BundleRef, error: FleetError) => void;
}

/** What serves after a start, opened; `undefined` when no bundle is fit to serve. */
export interface Booted<T> {
  readonly bundle: BundleRef;
  readonly opened: T;
}

/**
 * Brings a valid, verified slot up after whatever happened before. A bundle on trial has its start
 * counted before it is opened, since opening may take the process down.
 */
export async function boot<T>(parts: BootParts<T>): Promise<Booted<T> | undefined> {
  const { slots, open, onFailure } = parts;
  for (;;) {
    const active = slots.roles.active;
    if (active === undefined) return undefined;
    if (active.status === 'trial') {
      if (active.attempts >= parts.mostAttempts) {
        const detail = `The process ended ${active.attempts} times while it was on trial.`;
        onFailure(active.bundle, new FleetError('trial-failed', detail));
        await slots.change((roles) => reverted(roles, trialFailed(parts, roles, detail)));
        continue;
      }
      await slots.change((roles) => attempted(roles, 'active'));
    }
    try {
      return { bundle: active.bundle, opened: await open(active.bundle) };
    } catch (thrown) {
      onFailure(active.bundle, FleetError.from(thrown));
      await slots.change(lost);
    }
  }
}

function trialFailed<T>(parts: BootParts<T>, roles: Roles, detail: string): Refusal {
  const manifest = roles.active?.bundle.manifest ?? '';
  return { manifest, code: 'trial-failed', detail, atMs: parts.nowMs() };
}
