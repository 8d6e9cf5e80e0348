import type { PackedBundle } from '@edgewise/models/bundle';
import { splitBlocks } from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import type { BundleRef, FleetError, Target } from '@edgewise/protocol';
import { createLoop, type Outcome } from '../core/loop.ts';
import { type Facts, plan } from '../core/plan.ts';
import type { Trust } from '../core/trust.ts';
import { openPartialFile } from '../download/partial-file.ts';
import { createExecutors } from '../executors.ts';
import { createEngine, type Engine } from '../inference/engine.ts';
import { openSlot } from '../inference/open-slot.ts';
import { boot } from '../slots/boot.ts';
import { bundlePath, hasFile, readVerified } from '../slots/bundle-folder.ts';
import type { Disk } from '../slots/disk.ts';
import { openSlots, type Slots } from '../slots/slots.ts';
import { tinyRuntime } from './a-bundle.test.fixture.ts';
import { createSimClock } from './sim-clock.ts';

/** The reconciler with everything below it, and a cupboard instead of a network. */
export interface Reconciler extends AsyncDisposable {
  readonly slots: Slots;
  readonly engine: Engine;
  readonly failures: readonly FleetError[];
  /** Runs until nothing can be done for this target. */
  settle(active: BundleRef | null, trial?: Facts['trial']['verdict']): Promise<Outcome>;
}

export interface ReconcilerOptions {
  readonly disk: Disk;
  readonly trust: Trust;
  /** What can be fetched. */
  readonly cupboard: readonly PackedBundle[];
}

/** Boots whatever the disk holds. */
export async function startReconciler(options: ReconcilerOptions): Promise<Reconciler> {
  const { disk, trust, cupboard } = options;
  const clock = createSimClock();
  const nowMs = () => clock.nowMs();
  const parts = {
    ...{ disk, sha256, trust, agentVersion: '0.1.0', runtime: tinyRuntime() },
    ...{ deviceClass: 'x64' as const, clock },
  };
  const failures: FleetError[] = [];
  const slots = await openSlots(disk);
  const nothing = () => undefined;
  const engine = createEngine({
    elapsedMs: nowMs,
    onAnswered: nothing,
    onRun: nothing,
    onLeft: nothing,
  });
  let wanted: BundleRef | null = null;
  let verdict: Facts['trial']['verdict'] = 'running';

  const open = async (bundle: BundleRef) => openSlot(parts, await readVerified(parts, bundle));
  const bootSlot = async () => {
    const onFailure = (_bundle: BundleRef, error: FleetError) => failures.push(error);
    return (await boot({ slots, open, nowMs, mostAttempts: 3, onFailure }))?.opened;
  };
  async function fetch(ref: BundleRef): Promise<void> {
    const bundle = cupboard.find((one) => one.ref.manifest === ref.manifest);
    for (const [name, bytes] of bundle?.files ?? []) {
      const file = { digest: sha256(bytes), sizeBytes: bytes.length };
      if (await hasFile(parts, ref, { name, digest: file.digest })) continue;
      const blocks = splitBlocks(bytes);
      const wantedFile = { ...file, blocks: blocks.map(sha256) };
      const partial = await openPartialFile(parts, bundlePath(ref, name), wantedFile);
      for (const [index, block] of blocks.entries()) await partial.accept(index, block);
      await partial.complete();
    }
  }
  const steps = createExecutors({
    slots,
    engine,
    nowMs,
    fetch,
    open,
    wanted: () => wanted ?? undefined,
    verify: (bundle) => readVerified(parts, bundle),
    boot: bootSlot,
  });
  const loop = createLoop({
    executors: steps.executors,
    clock,
    random: () => 0,
    onEvent: (event) => {
      if (event.kind === 'failed') failures.push(event.error);
    },
    plan: () =>
      plan(slots.roles, targetFor(wanted, nowMs()), {
        deviceClass: 'x64',
        nowMs: nowMs(),
        trial: { verdict, detail: 'as the test says' },
        bundle: steps.bundleState(wanted?.manifest ?? ''),
        mostAttempts: 3,
      }),
  });
  await engine.swap(await bootSlot());

  return {
    slots,
    engine,
    failures,
    settle(active, trial = 'passed') {
      wanted = active;
      verdict = trial;
      return loop.settle(new AbortController().signal);
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function targetFor(active: BundleRef | null, nowMs: number): Target {
  const policies = { predictions: 'off', outboxBytes: 1000 } as const;
  const times = { issuedAtMs: nowMs, expiresAtMs: nowMs + 1000 };
  return { v: 1, fleet: 'home', device: 'pi', generation: 1, ...times, active, policies };
}
