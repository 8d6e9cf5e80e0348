/**
 * The reconciler of rollouts: plan over the fleet's reports, act, write down, again. One pass runs
 * at a time; a change of the fleet or a tick asks for the next. All state is in the records, so a
 * hub that was killed goes on where it stood.
 */
import { type BundleRef, FleetError, minutes, seconds } from '@edgewise/protocol';
import type { ModelPolicies, ModelVersion, Rollout } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Live } from '../live.ts';
import { newId } from '../new-id.ts';
import { createSignal, type Signal } from '../signal.ts';
import { createSingleFlight } from '../single-flight.ts';
import { apply } from './apply.ts';
import { composeRollback, composeRollout } from './compose.ts';
import { type DeviceFacts, factsOf } from './device-facts.ts';
import { execute } from './execute.ts';
import { plan, type RolloutRules } from './plan.ts';
import type { RolloutRecord, RolloutRecords } from './rollout-records.ts';
import type { Step } from './step.ts';

/** Brings versions to devices, and back. */
export interface Rollouts extends AsyncDisposable {
  /**
   * Begins; an older rollout of the model that still runs is aborted. Rejects with `not-found`,
   * `gate-failed` for a version that failed its gate, and `invalid-argument` for no devices.
   */
  start(request: {
    readonly model: string;
    readonly version: number;
    readonly devices?: readonly string[];
  }): Promise<Rollout>;
  /** Rejects with `conflict` when there is nothing to go back to. */
  rollBack(request: {
    readonly model: string;
    readonly devices?: readonly string[];
  }): Promise<Rollout>;
  /** Stops a rollout where it stands; orders that were not followed are taken back. */
  abort(rollout: string): Promise<Rollout>;
  /** Rejects with `not-found`. */
  get(rollout: string): Promise<Rollout>;
  /** Newest first. */
  list(options: { readonly limit: number }): Promise<readonly Rollout[]>;
  /** A rollout that is done, stopped or aborted. */
  readonly finished: Signal<Rollout>;
}

/** What rollouts act on. */
export interface RolloutOptions {
  readonly records: RolloutRecords;
  readonly fleet: Fleet;
  /** Rejects with `not-found`. */
  readonly version: (model: string, version: number) => Promise<ModelVersion>;
  readonly policies: (model: string) => Promise<ModelPolicies>;
  readonly clock: Clock;
  readonly live: Live;
  readonly onError: (thrown: unknown) => void;
  readonly rules?: Partial<RolloutRules>;
}

const defaultRules: RolloutRules = {
  toleratedFailures: 0.1,
  patienceMs: minutes(10),
  firstWavePatienceMs: minutes(1),
  awayAfterMs: seconds(30),
};

/** Starts the reconciler; rollouts that a previous process began go on. */
export function createRollouts(options: RolloutOptions): Rollouts {
  const { records, fleet, clock, live } = options;
  const rules = { ...defaultRules, ...options.rules };
  const finished = createSignal<Rollout>(options.onError);
  const flight = createSingleFlight(pass, { clock, onError: options.onError, everyMs: seconds(5) });
  const unsubscribe = fleet.changed.on(() => flight.trigger());
  flight.trigger();

  async function pass(): Promise<void> {
    const open = await records.open();
    if (open.length === 0) return;
    const devices = new Map((await fleet.list()).map((record) => [record.id, factsOf(record)]));
    for (const record of open) await advance(record, devices);
  }

  async function advance(
    record: RolloutRecord,
    devices: ReadonlyMap<string, DeviceFacts>,
  ): Promise<void> {
    const { changedAtMs } = record;
    const bundles = new Map(Object.entries(record.bundles));
    const facts = { devices, bundles, nowMs: clock.now(), changedAtMs };
    const steps = plan(record.rollout, facts, rules);
    if (steps.length > 0) await carryOut(record, steps);
  }

  async function carryOut(record: RolloutRecord, steps: readonly Step[]): Promise<Rollout> {
    const policies = await options.policies(record.rollout.model).catch(() => undefined);
    let { rollout } = record;
    for (const step of steps) {
      await execute(step, { fleet, rollout: rollout.id, policies });
      rollout = apply(rollout, step, clock.now());
    }
    await save({ ...record, rollout, changedAtMs: clock.now() });
    if (record.rollout.status === 'running' && rollout.status !== 'running') finished.emit(rollout);
    if (rollout.status === 'running') flight.trigger();
    return rollout;
  }

  async function save(record: RolloutRecord): Promise<void> {
    await records.put(record);
    live.emit({ kind: 'rollout', rollout: record.rollout });
  }

  async function find(rollout: string): Promise<RolloutRecord> {
    const record = await records.find(rollout);
    if (record !== undefined) return record;
    throw new FleetError('not-found', `There is no rollout "${rollout}".`);
  }

  async function end(record: RolloutRecord, reason: string): Promise<Rollout> {
    const withdrawn = record.rollout.devices
      .filter(({ status }) => status === 'ordered')
      .map(({ device, previous }): Step => ({ name: 'withdraw', device, bundle: previous }));
    for (const step of withdrawn) {
      await execute(step, { fleet, rollout: record.rollout.id, policies: undefined });
    }
    const nowMs = clock.now();
    const rollout = { ...record.rollout, status: 'aborted' as const, reason, finishedAtMs: nowMs };
    await save({ ...record, rollout, changedAtMs: nowMs });
    finished.emit(rollout);
    return rollout;
  }

  /** The new rollout is written down before the old one ends, and gives its devices the newer order. */
  async function begin(record: RolloutRecord): Promise<Rollout> {
    const older = (await records.open()).filter(
      ({ rollout }) => rollout.model === record.rollout.model && rollout.status === 'running',
    );
    await save(record);
    const nowMs = clock.now();
    for (const old of older) {
      const reason = `${record.rollout.id} took its place.`;
      const rollout = { ...old.rollout, status: 'aborted' as const, reason, finishedAtMs: nowMs };
      await save({ ...old, rollout, changedAtMs: nowMs });
      finished.emit(rollout);
    }
    flight.trigger();
    return record.rollout;
  }

  return {
    start: ({ model, version, devices }) =>
      flight.runExclusive(async () => {
        const wanted = await options.version(model, version);
        assertRollable(wanted);
        const chosen = (await fleet.list()).filter(
          ({ id, revoked }) => !revoked && (devices === undefined || devices.includes(id)),
        );
        assertKnown(devices, chosen);
        const facts = { id: newId('rollout'), nowMs: clock.now() };
        return begin(composeRollout(wanted, chosen, facts));
      }),
    rollBack: ({ model, devices }) =>
      flight.runExclusive(async () => {
        const previous = previousBundles(await records.list({ limit: 100, model }), devices);
        const record = composeRollback(model, previous, {
          ...{ id: newId('rollout'), nowMs: clock.now() },
          devices: (await fleet.list()).filter(({ revoked }) => !revoked),
        });
        if (record !== undefined) return begin(record);
        const reason = `No device served another version of "${model}" before.`;
        throw new FleetError('conflict', reason);
      }),
    abort: (rollout) =>
      flight.runExclusive(async () => {
        const record = await find(rollout);
        if (record.rollout.status !== 'running') return record.rollout;
        return end(record, 'A person stopped it.');
      }),
    get: async (rollout) => (await find(rollout)).rollout,
    list: async (page) => (await records.list(page)).map(({ rollout }) => rollout),
    finished,
    async [Symbol.asyncDispose]() {
      unsubscribe();
      await flight.stop();
    },
  };
}

function assertRollable({ version, gate, variants }: ModelVersion): void {
  if (gate.verdict === 'fail') {
    const failed = gate.checks.filter(({ ok }) => !ok).map(({ sentence }) => sentence);
    throw new FleetError('gate-failed', `Version ${version} failed its gate: ${failed.join(' ')}`);
  }
  if (variants.length > 0) return;
  throw new FleetError('invalid-argument', `Version ${version} has no variants.`);
}

function assertKnown(
  wanted: readonly string[] | undefined,
  chosen: readonly { readonly id: string }[],
): void {
  const missing = wanted?.find((device) => chosen.every(({ id }) => id !== device));
  if (missing !== undefined) throw new FleetError('not-found', `There is no device "${missing}".`);
  if (chosen.length > 0) return;
  throw new FleetError('invalid-argument', 'No device is enrolled yet; enrol one first.');
}

/** What each device served before the newest rollout that changed it. */
function previousBundles(
  records: readonly RolloutRecord[],
  devices: readonly string[] | undefined,
): ReadonlyMap<string, BundleRef | null> {
  const previous = new Map<string, BundleRef | null>();
  for (const { rollout, bundles } of records) {
    for (const row of rollout.devices) {
      const isWanted = devices === undefined || devices.includes(row.device);
      const isOther = row.previous?.manifest !== bundles[row.device]?.manifest;
      const hasChanged = row.status === 'serving' || row.status === 'ordered';
      if (isWanted && hasChanged && isOther && !previous.has(row.device) && row.previous !== null) {
        previous.set(row.device, row.previous);
      }
    }
  }
  return previous;
}
