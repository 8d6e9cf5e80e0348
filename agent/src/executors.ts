import { type BundleRef, FleetError, type Refusal } from '@edgewise/protocol';
import type { Executors } from './core/execute.ts';
import { isFetchable } from './core/failure.ts';
import type { Facts } from './core/plan.ts';
import {
  activated,
  attempted,
  calledOff,
  confirmed,
  installed,
  proved,
  refused,
  reverted,
  vacated,
} from './core/slot.ts';
import type { Engine } from './inference/engine.ts';
import type { OpenSlot } from './inference/open-slot.ts';
import type { Slots } from './slots/slots.ts';

interface ExecutorParts {
  readonly slots: Slots;
  readonly engine: Engine;
  readonly nowMs: () => number;
  /** The bundle that the target names. */
  readonly wanted: () => BundleRef | undefined;
  readonly fetch: (bundle: BundleRef, signal: AbortSignal) => Promise<void>;
  readonly verify: (bundle: BundleRef) => Promise<unknown>;
  /** Verifies, loads and proves. */
  readonly open: (bundle: BundleRef, signal?: AbortSignal) => Promise<OpenSlot>;
  /** Brings up whatever may serve now. */
  readonly boot: () => Promise<OpenSlot | undefined>;
}

/** The executors, and what they have learnt about bundles since the process started. */
export interface AgentSteps {
  readonly executors: Executors;
  bundleState(manifest: string): Facts['bundle'];
}

/** Builds the thin functions that carry steps out. */
export function createExecutors(parts: ExecutorParts): AgentSteps {
  const { slots, engine, nowMs } = parts;
  const known = new Map<string, Facts['bundle']>();
  let prepared: OpenSlot | undefined;

  async function sweep(wanted: string | undefined): Promise<void> {
    for (const manifest of await slots.sweep(wanted)) known.delete(manifest);
  }
  const refusal = (facts: Omit<Refusal, 'atMs'>): Refusal => ({ ...facts, atMs: nowMs() });

  async function unprepare(): Promise<void> {
    const slot = prepared;
    prepared = undefined;
    await slot?.[Symbol.asyncDispose]();
  }

  function candidate(manifest: string): BundleRef {
    const bundle = slots.roles.candidate?.bundle;
    if (bundle?.manifest === manifest) return bundle;
    throw new FleetError('conflict', 'The candidate is another bundle now.');
  }

  async function opened(role: 'candidate' | 'fallback', manifest: string): Promise<OpenSlot> {
    if (prepared?.bundle.manifest === manifest) return prepared;
    await unprepare();
    const bundle = slots.roles[role]?.bundle;
    if (bundle?.manifest === manifest) return await parts.open(bundle);
    throw new FleetError('conflict', `The ${role} is another bundle now.`);
  }

  /** A candidate whose files are damaged is no candidate: it is fetched again. */
  async function giveUp(thrown: unknown, manifest: string): Promise<never> {
    const error = FleetError.from(thrown);
    if (isFetchable(error.code)) {
      known.delete(manifest);
      await slots.change((roles) => vacated(roles, 'candidate'));
    }
    throw error;
  }

  const executors: Executors = {
    async downloadBundle({ bundle }, signal) {
      await sweep(parts.wanted()?.manifest);
      await parts.fetch(bundle, signal);
      known.set(bundle.manifest, 'downloaded');
    },
    async verifyBundle({ bundle }) {
      known.delete(bundle.manifest);
      await parts.verify(bundle);
      known.set(bundle.manifest, 'verified');
    },
    installSlot: ({ bundle }) => slots.change((roles) => installed(roles, bundle)),
    async proveSlot({ manifest }, signal) {
      await unprepare();
      const bundle = candidate(manifest);
      // Noted first: loading a bad model may take the process down.
      await slots.change((roles) => attempted(roles, 'candidate'));
      const slot = await parts.open(bundle, signal).catch(async (thrown: unknown) => {
        if (signal.aborted) await slots.change(calledOff);
        return await giveUp(thrown, manifest);
      });
      prepared = slot;
      await slots.change((roles) => proved(roles, slot.parity));
    },
    async activateSlot({ manifest, from }) {
      const slot = await opened(from, manifest);
      await slots.change((roles) => activated(roles, from, { nowMs: nowMs() }));
      prepared = undefined;
      await engine.swap(slot);
      await sweep(parts.wanted()?.manifest);
    },
    confirmSlot: () => slots.change(confirmed),
    async revertSlot({ manifest, detail }) {
      const facts = refusal({ manifest, code: 'trial-failed', detail });
      await slots.change((roles) => reverted(roles, facts));
      await engine.swap(await parts.boot());
      await sweep(parts.wanted()?.manifest);
    },
    async removeSlot({ role }) {
      if (role === 'candidate') await unprepare();
      await slots.change((roles) => vacated(roles, role));
      if (role === 'active') await engine.swap(undefined);
      await sweep(parts.wanted()?.manifest);
    },
    async refuseBundle({ manifest, code, detail, parity }) {
      await unprepare();
      const facts = { manifest, code, detail: detail.slice(0, 500), ...(parity && { parity }) };
      await slots.change((roles) => refused(roles, refusal(facts)));
      await sweep(undefined);
    },
  };
  return { executors, bundleState: (manifest) => known.get(manifest) ?? 'missing' };
}
