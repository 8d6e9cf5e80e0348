import type { BundleRef, FleetError } from '@edgewise/protocol';
import type { AgentParts } from './agent-parts.ts';
import { createLoop, type Loop, type LoopEvent } from './core/loop.ts';
import { plan } from './core/plan.ts';
import { certified } from './core/slot.ts';
import { fetchBundle } from './download/fetch-bundle.ts';
import { createExecutors } from './executors.ts';
import type { Engine } from './inference/engine.ts';
import { type OpenSlot, openSlot } from './inference/open-slot.ts';
import { defaultTrial, judgeTrial } from './inference/trial.ts';
import type { OrderBook } from './orders/order-book.ts';
import { boot } from './slots/boot.ts';
import { readVerified } from './slots/bundle-folder.ts';
import type { Slots } from './slots/slots.ts';
import { type Status, statusAfter, withProgress } from './telemetry/status.ts';

interface ReconcilerParts extends AgentParts {
  readonly slots: Slots;
  readonly engine: Engine;
  readonly orders: OrderBook;
  /** The status changed. */
  readonly onChanged: () => void;
  readonly onEvent: (event: LoopEvent) => void;
  /** An installed bundle did not come up. */
  readonly onFailure: (bundle: BundleRef, error: FleetError) => void;
}

/** The loop with everything that it decides by and acts upon. */
export interface Reconciler extends Pick<Loop, 'trigger' | 'run'> {
  readonly status: Status;
  /** Opens whatever may serve now. */
  boot(): Promise<OpenSlot | undefined>;
  /** Ends a trial that has been decided; cheap, so it may be asked after every run. */
  checkTrial(): void;
}

const mostAttempts = 3;

/** Joins planner, executors and loop to the parts of one agent. */
export function createReconciler(parts: ReconcilerParts): Reconciler {
  const { slots, engine, orders, clock, onChanged, onFailure } = parts;
  const tuning = { mostAttempts, trial: defaultTrial, ...parts.tuning };
  const nowMs = () => clock.nowMs();
  const wanted = () => orders.target?.active ?? undefined;
  let status: Status = {};

  const open = async (bundle: BundleRef, signal?: AbortSignal) =>
    openSlot(parts, await readVerified(parts, bundle), { signal });
  const bootSlot = async () => {
    const booted = await boot({ ...tuning, slots, open, nowMs, onFailure });
    const parity = booted?.opened.parity;
    // Another engine than the one it was proved with: the certificate is of today's.
    if (parity !== undefined && slots.roles.active?.parity?.runtime !== parity.runtime) {
      await slots.change((roles) => certified(roles, parity));
    }
    return booted?.opened;
  };
  const trial = () => judgeTrial(tuning.trial, engine.record, { elapsedMs: performance.now() });

  const steps = createExecutors({
    slots,
    engine,
    nowMs,
    wanted,
    open,
    boot: bootSlot,
    verify: (bundle) => readVerified(parts, bundle),
    fetch: (bundle, signal) => fetchBundle(parts, bundle, { signal, onProgress }),
  });
  const loop = createLoop({
    clock,
    random: parts.random,
    ...(tuning.retry && { retry: tuning.retry }),
    executors: steps.executors,
    onEvent(event) {
      status = statusAfter(status, event);
      parts.onEvent(event);
      onChanged();
    },
    plan: () =>
      plan(slots.roles, orders.target, {
        deviceClass: parts.deviceClass,
        nowMs: nowMs(),
        trial: trial(),
        bundle: steps.bundleState(wanted()?.manifest ?? ''),
        mostAttempts: tuning.mostAttempts,
      }),
  });

  function onProgress(done: number, total: number): void {
    status = withProgress(status, { done, total });
    onChanged();
  }

  return {
    get status() {
      return status;
    },
    trigger: () => loop.trigger(),
    run: (signal) => loop.run(signal),
    boot: bootSlot,
    checkTrial() {
      const isOnTrial = slots.roles.active?.status === 'trial';
      if (isOnTrial && trial().verdict !== 'running') loop.trigger();
    },
  };
}
