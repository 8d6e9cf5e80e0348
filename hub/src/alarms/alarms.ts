/**
 * From windows to a better model: windows raise alarms, alarms ask for labels, labels are evidence,
 * evidence retrains, the gate judges, a rollout brings it home. Each alarm is a record that plan,
 * execute and apply move on; all state is in the records, so a hub that was killed goes on.
 */
import { FleetError, seconds } from '@edgewise/protocol';
import type { Alarm, FeatureComparison, Rollout, Run } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import type { DriftView } from '../fleet/drift-view.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { OfferedSample } from '../labels/intake.ts';
import type { Labels, OfferJudge } from '../labels/labels.ts';
import type { Live } from '../live.ts';
import { newId } from '../new-id.ts';
import type { Pipeline } from '../pipeline/pipeline.ts';
import type { ProfiledBundles } from '../registry/profiled-bundles.ts';
import type { Registry } from '../registry/registry.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import { createSingleFlight } from '../single-flight.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { AlarmRecord, AlarmRecords } from './alarm-records.ts';
import { apply } from './apply.ts';
import { createBundleMonitors } from './bundle-monitors.ts';
import { compareFeatures } from './compare-features.ts';
import { describeFinding } from './describe-finding.ts';
import { execute } from './execute.ts';
import { planRenewal, type RenewalRules, renewalRules } from './plan.ts';
import { raise } from './raise.ts';
import type { RenewalFacts } from './renewal-facts.ts';
import type { Step } from './step.ts';
import { createWatch, type RaisedFindings } from './watch.ts';

/** Drift alarms and what becomes of them. */
export interface Alarms extends AsyncDisposable {
  readonly drift: DriftView;
  /** Newest first. */
  list(options: { readonly limit: number }): Promise<readonly Alarm[]>;
  /** Rejects with `not-found`. */
  get(alarm: string): Promise<Alarm>;
  /** Closes an alarm; its devices learn a new baseline. */
  dismiss(alarm: string, caller: string): Promise<Alarm>;
  /** Retrains now, with the labels there are. Rejects with `conflict` while one runs. */
  retrain(alarm: string, caller: string): Promise<Run>;
  /** Counts of the newest windows beside what they are compared with. */
  compare(device: string, windows: number): Promise<readonly FeatureComparison[]>;
}

/** What alarms hang together with. */
export interface AlarmOptions {
  readonly records: AlarmRecords;
  readonly telemetry: Telemetry;
  readonly fleet: Fleet;
  readonly registry: Registry;
  readonly blobs: BlobStore;
  readonly profiled: ProfiledBundles;
  readonly labels: Labels & { listen(judge: OfferJudge): void };
  readonly pipeline: Pipeline;
  readonly rollouts: Rollouts;
  readonly clock: Clock;
  readonly live: Live;
  readonly onError: (thrown: unknown) => void;
  readonly rules?: Partial<RenewalRules>;
}

/** Events of a device that are searched for offers made while the hub was down. */
const searchedEvents = 2000;

/** Starts to watch the fleet; alarms that a previous process opened go on. */
export function createAlarms(options: AlarmOptions): Alarms {
  const { records, telemetry, fleet, registry, labels, pipeline, rollouts, clock } = options;
  const { live, onError } = options;
  const rules = { ...renewalRules, ...options.rules };
  const bundles = createBundleMonitors({ ...options, bundles: options.profiled });
  const watch = createWatch({ records, telemetry, bundles, clock, onFindings, onError });
  const actors = { fleet, pipeline, rollouts, onError, relearn };
  // Labels come by the hundred: they are counted once a second, not one by one.
  const flight = createSingleFlight(pass, { clock, onError, everyMs: seconds(1) });
  const subscriptions = [
    pipeline.finished.on(() => flight.trigger()),
    rollouts.finished.on(() => flight.trigger()),
  ];
  labels.listen(judge);
  void resume().catch(onError);

  async function resume(): Promise<void> {
    for (const { id } of await fleet.list()) watch.follow(id);
    const open = await records.open();
    const asking = open.filter(({ alarm }) => alarm.status === 'labelling');
    for (const { device } of asking.flatMap(({ asks }) => asks)) await searchOffers(device);
    flight.trigger();
  }

  /** Offers that came while the hub was down, or that it could not fetch before it went down. */
  async function searchOffers(device: string): Promise<void> {
    for (const { event } of await telemetry.events(device, { limit: searchedEvents })) {
      if (event.body.kind !== 'sample') continue;
      const offered: OfferedSample = { device, atMs: event.atMs, offer: event.body };
      const wanted = await judge(offered);
      if (wanted !== undefined) await labels.fetch(offered, wanted.alarm);
    }
  }

  /** Not waited for: the device may just be waiting to raise an alarm in its turn. */
  function relearn(device: string): void {
    watch.relearn(device).catch(onError);
  }

  /** Samples that an alarm asked for are wanted while it gathers labels; kept by policy, always. */
  async function judge({ device, offer }: OfferedSample) {
    if (offer.reason === 'policy') return { alarm: null };
    const open = await records.open();
    const asking = open.find(
      ({ alarm, asks }) =>
        alarm.status === 'labelling' &&
        alarm.model === offer.model &&
        asks.some((ask) => ask.device === device),
    );
    return asking && { alarm: asking.alarm.id };
  }

  function onFindings(raised: RaisedFindings): Promise<void> {
    return flight.runExclusive(() => raiseAlarm(raised));
  }

  async function raiseAlarm({ watched, findings }: RaisedFindings): Promise<void> {
    const { model, version, device } = watched;
    const bundle = await bundles.find(watched);
    const devices = await fleet.list();
    const target = devices.find(({ id }) => id === device)?.active;
    // Windows of a model that the device is told to leave are history, not news.
    const isTold = target === undefined || target === null || target.version === version;
    if (bundle === undefined || !isTold) return;
    const open = (await records.open()).find(
      ({ alarm }) => alarm.model === model && alarm.version === version,
    );
    const next = raise(open, {
      ...{ model, version, nowMs: clock.now(), id: newId('alarm') },
      findings: findings.map((finding) => describeFinding(finding, watched, bundle)),
      watched: devices
        .filter(({ active, revoked }) => active?.version === version && !revoked)
        .map(({ id }) => id),
    });
    if (next !== undefined) await save(next);
  }

  async function pass(): Promise<void> {
    for (const record of await records.open()) {
      const steps = planRenewal(record, await factsOf(record), rules);
      if (steps.length > 0) await carryOut(record, steps);
    }
  }

  async function carryOut(record: AlarmRecord, steps: readonly Step[]): Promise<AlarmRecord> {
    let current = record;
    for (const step of steps) {
      const outcome = await execute(step, current, actors);
      current = apply(current, step, { ...outcome, nowMs: clock.now() });
      await save(current);
    }
    flight.trigger();
    return current;
  }

  async function save(record: AlarmRecord): Promise<void> {
    await records.put(record);
    live.emit({ kind: 'alarm', alarm: record.alarm });
  }

  async function factsOf(record: AlarmRecord): Promise<RenewalFacts> {
    const { alarm } = record;
    const run = alarm.run === null ? undefined : await pipeline.get(alarm.run);
    const made = run?.version ?? null;
    const devices = await fleet.list();
    return {
      nowMs: clock.now(),
      policies: (await registry.model(alarm.model)).policies,
      version: await registry.version(alarm.model, alarm.version),
      labels: await labels.ofAlarm(alarm.id),
      online: new Set(
        devices.filter(({ presence }) => presence.status === 'online').map(({ id }) => id),
      ),
      run,
      challenger: made === null ? undefined : await registry.version(alarm.model, made),
      rollout: await rolloutOf(alarm, made),
    };
  }

  async function rolloutOf(alarm: Alarm, version: number | null): Promise<Rollout | undefined> {
    if (alarm.rollout !== null) return rollouts.get(alarm.rollout);
    if (version === null) return undefined;
    return (await rollouts.list({ limit: 20 })).find(
      (rollout) => rollout.model === alarm.model && rollout.version === version,
    );
  }

  async function find(alarm: string): Promise<AlarmRecord> {
    const record = await records.find(alarm);
    if (record !== undefined) return record;
    throw new FleetError('not-found', `There is no alarm "${alarm}".`);
  }

  return {
    drift: watch,
    list: async ({ limit }) => (await records.list(limit)).map(({ alarm }) => alarm),
    get: async (alarm) => (await find(alarm)).alarm,
    dismiss: (alarm, caller) =>
      flight.runExclusive(async () => {
        const record = await find(alarm);
        if (record.alarm.status === 'resolved' || record.alarm.status === 'dismissed') {
          return record.alarm;
        }
        const sentence = `Dismissed by ${caller}; the devices learn a new baseline.`;
        const step = { name: 'close', status: 'dismissed', sentence, relearn: true } as const;
        return (await carryOut(record, [step])).alarm;
      }),
    retrain: (alarm, caller) =>
      flight.runExclusive(async () => {
        const record = await find(alarm);
        const { status } = record.alarm;
        if (status === 'retraining' || status === 'rolling-out') {
          throw new FleetError('conflict', `Alarm ${alarm} is ${status} already.`);
        }
        const { randomErrors } = await labels.ofAlarm(alarm);
        const sentence = `${caller} started a retraining.`;
        const step = { name: 'retrain', sentence, randomLabels: randomErrors.length } as const;
        const next = await carryOut(record, [step]);
        return pipeline.get(next.alarm.run ?? '');
      }),
    async compare(device, limit) {
      await fleet.get(device);
      const watched = await watch.watched(device);
      const bundle = watched && (await bundles.find(watched));
      if (watched === undefined || bundle === undefined) return [];
      return compareFeatures(watched, bundle, await telemetry.windows(device, { limit }));
    },
    async [Symbol.asyncDispose]() {
      for (const unsubscribe of subscriptions) unsubscribe();
      await flight.stop();
      await watch[Symbol.asyncDispose]();
    },
  };
}
