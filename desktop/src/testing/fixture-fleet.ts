import { FleetError } from '@edgewise/protocol/errors';
import type {
  Alarm,
  Device,
  FieldSample,
  HubStatus,
  LiveEvent,
  Rollout,
  RouteArgs,
  RouteName,
  Routes,
  Run,
  Scope,
  Sweep,
} from '@edgewise/protocol/http';
import { alarmFixtures, sampleFixtures } from './fixture-alarms.ts';
import {
  deviceFixtures,
  eventFixtures,
  lineageFixture,
  profileFixtures,
  windowFixtures,
} from './fixture-devices.ts';
import {
  bundle,
  datasetFixture,
  digest,
  modelFixture,
  rolloutFixtures,
  runFixtures,
  versionFixtures,
} from './fixture-models.ts';
import { parityFixtures } from './fixture-parity.ts';
import { canceled, sweepFixtures } from './fixture-sweeps.ts';
import { digitPicture, greyPng } from './png.ts';

/** What a made-up hub answers, by route. Routes that the pages never call are absent. */
export type FixtureHandlers = {
  readonly [N in RouteName]?: (args: RouteArgs<Routes[N]>) => unknown;
};

/** A made-up fleet in memory. */
export interface FixtureFleet {
  readonly handlers: FixtureHandlers;
  /** What happened to a device just now: its newest window, as the hub would tell it. */
  nextWindow(device: string): LiveEvent;
  device(id: string): Device;
  alarm(id: string): Alarm;
  rollout(id: string): Rollout;
  sweep(id: string): Sweep;
  samples(): readonly FieldSample[];
}

interface FixtureOptions {
  readonly nowMs: number;
  readonly scope: Scope;
  readonly publish: (event: LiveEvent) => void;
  /** A hub on its first day: nothing is enrolled, trained or alarming. */
  readonly empty?: boolean;
  /** Whether anybody has searched over a recipe; default true. */
  readonly swept?: boolean;
  /** How many fleets of this kind there are, for crowds. */
  readonly copies?: number;
}

/** A fleet with a drifting hall, a rollout on its way, a run that trains and samples that wait. */
export function createFixtureFleet({
  nowMs,
  scope,
  publish,
  empty = false,
  swept = true,
  copies = 1,
}: FixtureOptions): FixtureFleet {
  const devices = empty ? [] : crowd(deviceFixtures(nowMs), copies);
  const alarms: Alarm[] = empty ? [] : [...alarmFixtures(nowMs)];
  const runs: Run[] = empty ? [] : [...runFixtures(nowMs)];
  const rollouts: Rollout[] = empty ? [] : [...rolloutFixtures(nowMs)];
  const samples: FieldSample[] = empty ? [] : [...sampleFixtures(nowMs)];
  const versions = empty ? [] : versionFixtures(nowMs);
  const models = empty ? [] : [modelFixture(nowMs)];
  const sweeps = empty || !swept ? [] : [...sweepFixtures(nowMs)];
  const sequences = new Map<string, number>();

  const labelled = (sample: string, change: Pick<FieldSample, 'status' | 'label'>) => {
    const index = samples.findIndex((each) => each.sample === sample);
    const next = { ...found(samples[index], sample), ...change };
    samples[index] = next;
    publish({ kind: 'sample', sample: next });
    return next;
  };
  const changed = <K extends 'run' | 'rollout' | 'alarm', T>(kind: K, list: T[], item: T): T => {
    list.unshift(item);
    publish({ kind, [kind]: item } as unknown as LiveEvent);
    return item;
  };
  const orderRollout = (
    version: number,
    kind: Rollout['kind'],
    chosen: readonly string[] | undefined,
  ): Rollout => {
    const ids = chosen ?? devices.map((each) => each.id);
    return changed('rollout', rollouts, {
      id: `rollout-${rollouts.length + 2}`,
      model: 'digits',
      version,
      kind,
      status: 'running',
      reason: null,
      createdAtMs: nowMs,
      finishedAtMs: null,
      devices: ids.map((id, index) => ({
        device: id,
        wave: index === 0 ? 1 : 2,
        status: 'waiting',
        previous: bundle(2, 'arm64'),
      })),
    });
  };
  const sweepAt = (id: string) => {
    const index = sweeps.findIndex(({ sweep }) => sweep.id === id);
    return { index, ...found(sweeps[index], id) };
  };
  const stopSweep = (id: string): Sweep => {
    const { index, sweep: before, curves } = sweepAt(id);
    const { sweep, events } = canceled(before);
    sweeps[index] = { sweep, curves };
    for (const event of events) publish(event);
    return sweep;
  };
  const replace = <T extends { readonly id: string }>(
    list: T[],
    id: string,
    change: Partial<T>,
  ): T => {
    const index = list.findIndex((each) => each.id === id);
    const next = { ...found(list[index], id), ...change };
    list[index] = next;
    return next;
  };

  return {
    device: (id) =>
      found(
        devices.find((each) => each.id === id),
        id,
      ),
    alarm: (id) =>
      found(
        alarms.find((each) => each.id === id),
        id,
      ),
    rollout: (id) =>
      found(
        rollouts.find((each) => each.id === id),
        id,
      ),
    sweep: (id) => sweepAt(id).sweep,
    samples: () => samples,
    nextWindow: (id) =>
      nextWindow(
        found(
          devices.find((each) => each.id === id),
          id,
        ),
        sequences,
      ),
    handlers: {
      signIn: () => ({ token: 'fixture-token', scope }),
      status: () =>
        statusOf({ nowMs, devices, alarms, runs, rollouts, samples, models: models.length }),
      createEnrolment: () => ({
        token: `ew1.${digest('enrol').slice(0, 24)}`,
        expiresAtMs: nowMs + 86_400_000,
      }),
      listDevices: () => devices,
      getDevice: ({ params }) =>
        found(
          devices.find((each) => each.id === params.device),
          params.device,
        ),
      commandDevice: () => ({
        v: 1,
        transaction: 'tx-1',
        atMs: Date.now(),
        ok: true,
        lines: ['12:00:01 serving digits 2', '12:00:04 window 1000 closed: 100 inputs'],
      }),
      deviceWindows: ({ params, query }) =>
        windowFixtures(params.device, nowMs, query?.limit ?? 100),
      deviceEvents: ({ params }) => eventFixtures(params.device, nowMs),
      deviceProfile: ({ params }) => profileFixtures(params.device),
      why: ({ params }) => lineageFixture(params.device),
      listDatasets: () => [datasetFixture(nowMs)],
      listModels: () => models,
      listVersions: () => versions,
      getVersion: ({ params }) =>
        found(
          versions.find((each) => String(each.version) === params.version),
          params.version,
        ),
      parity: ({ query }) =>
        parityFixtures(
          versions.filter(({ version }) => version === (query?.version ?? version)),
          devices,
        ),
      listRuns: () => runs,
      getRun: ({ params }) =>
        found(
          runs.find((each) => each.id === params.run),
          params.run,
        ),
      startRun: () =>
        changed('run', runs, {
          ...found(runs.at(-1), 'run'),
          id: `run-${runs.length + 1}`,
          status: 'queued',
          step: null,
          progress: 0,
          metrics: [],
          finishedAtMs: null,
          version: null,
          createdAtMs: nowMs,
        }),
      cancelRun: ({ params }) =>
        replace(runs, params.run, { status: 'canceled', finishedAtMs: nowMs }),
      listSweeps: () => sweeps.map(({ sweep }) => ({ ...sweep, trials: [] })),
      getSweep: ({ params }) => sweepAt(params.sweep).sweep,
      sweepCurves: ({ params }) => sweepAt(params.sweep).curves,
      cancelSweep: ({ params }) => stopSweep(params.sweep),
      listRollouts: () => rollouts,
      startRollout: ({ body }) => orderRollout(body.version, 'rollout', body.devices),
      rollBack: ({ body }) => orderRollout(2, 'rollback', body.devices),
      abortRollout: ({ params }) =>
        replace(rollouts, params.rollout, { status: 'aborted', finishedAtMs: nowMs }),
      listAlarms: () => alarms,
      getAlarm: ({ params }) =>
        found(
          alarms.find((each) => each.id === params.alarm),
          params.alarm,
        ),
      dismissAlarm: ({ params }) => replace(alarms, params.alarm, { status: 'dismissed' }),
      retrain: () => found(runs[0], 'run'),
      labelQueue: ({ query }) =>
        samples.filter((each) => each.status === (query?.status ?? 'waiting')),
      getSample: ({ params }) =>
        found(
          samples.find((each) => each.sample === params.sample),
          params.sample,
        ),
      sampleContent: ({ params }) =>
        picture(
          samples.findIndex((each) => each.sample === params.sample),
          samples,
        ),
      labelSample: ({ params, body }) =>
        labelled(params.sample, {
          status: body.label === null ? 'skipped' : 'labelled',
          label: body.label,
        }),
      unlabelSample: ({ params }) => labelled(params.sample, { status: 'waiting', label: null }),
    },
  };
}

function crowd(devices: readonly Device[], copies: number): Device[] {
  return Array.from({ length: copies }, (_, copy) =>
    devices.map((each) => (copy === 0 ? each : { ...each, id: `${each.id}-${copy}` })),
  ).flat();
}

interface StatusFacts {
  readonly nowMs: number;
  readonly devices: readonly Device[];
  readonly alarms: readonly Alarm[];
  readonly runs: readonly Run[];
  readonly rollouts: readonly Rollout[];
  readonly samples: readonly FieldSample[];
  readonly models: number;
}

function statusOf({
  nowMs,
  devices,
  alarms,
  runs,
  rollouts,
  samples,
  models,
}: StatusFacts): HubStatus {
  return {
    hub: 'workbench',
    fleet: 'home',
    version: '0.1.0',
    protocol: 1,
    startedAtMs: nowMs - 5_400_000,
    nowMs,
    broker: { kind: 'embedded', url: 'mqtt://127.0.0.1:1883', connected: true },
    devices: {
      total: devices.length,
      online: devices.filter((each) => each.presence.status === 'online').length,
      converged: devices.filter((each) => each.converged).length,
      cloned: 0,
    },
    models,
    openAlarms: alarms.filter((each) => each.status !== 'resolved' && each.status !== 'dismissed')
      .length,
    activeRollouts: rollouts.filter((each) => each.status === 'running').length,
    activeRuns: runs.filter((each) => each.status === 'running').length,
    labelsWaiting: samples.filter((each) => each.status === 'waiting').length,
    windows: devices.length * 1_000,
    unexplainedLosses: devices.reduce((sum, each) => sum + each.loss.missing, 0),
  };
}

function nextWindow(device: Device, sequences: Map<string, number>): LiveEvent {
  const sequence = (sequences.get(device.id) ?? 1_000) + 1;
  sequences.set(device.id, sequence);
  const [newest] = windowFixtures(device.id, Date.now(), 1);
  return { kind: 'window', device: device.id, window: { ...found(newest, device.id), sequence } };
}

function picture(index: number, samples: readonly FieldSample[]): Uint8Array {
  const predicted = found(samples[index], 'sample').predicted;
  return greyPng(digitPicture(predicted, 0.12 + (index % 5) * 0.06), 28);
}

function found<T>(thing: T | undefined, name: string): T {
  if (thing === undefined) throw new FleetError('not-found', `There is no ${name}.`);
  return thing;
}
