import type { DeviceEvent } from '@edgewise/protocol';
import type {
  Alarm,
  Device,
  FieldSample,
  LiveEvent,
  Metric,
  ModelVersion,
  Rollout,
  RouteName,
  Run,
  Sweep,
  Trial,
  TrialCurve,
  WindowSummary,
} from '@edgewise/protocol/http';
import type { QueryClient } from '@tanstack/react-query';
import { queryKey } from './queries.ts';

/** The most entries that live events let a list grow to. */
const listLimit = 1000;

type Handlers = {
  readonly [K in LiveEvent['kind']]: (
    cache: QueryClient,
    event: Extract<LiveEvent, { readonly kind: K }>,
  ) => void;
};

const handlers: Handlers = {
  device: (cache, { device }) => applyDevice(cache, device),
  window: (cache, { device, window }) => applyWindow(cache, device, window),
  'device-event': (cache, { device, event }) => applyDeviceEvent(cache, device, event),
  alarm: (cache, { alarm }) => applyAlarm(cache, alarm),
  rollout: (cache, { rollout }) => applyRollout(cache, rollout),
  run: (cache, { run }) => applyRun(cache, run),
  metric: (cache, { run, metric }) => applyMetric(cache, run, metric),
  sweep: (cache, { sweep }) => applySweep(cache, sweep),
  trial: (cache, { sweep, trial }) => applyTrial(cache, sweep, trial),
  'trial-metric': (cache, { sweep, trial, metric }) =>
    applyTrialMetric(cache, sweep, { trial, metric }),
  version: (cache, { version }) => applyVersion(cache, version),
  sample: (cache, { sample }) => applySample(cache, sample),
  prediction: () => undefined,
  reset: (cache) => void cache.invalidateQueries(),
};

/** Brings what TanStack Query holds up to date with one live event. Lists that were never fetched stay unfetched. */
export function applyEvent(cache: QueryClient, event: LiveEvent): void {
  // A kind that a newer hub has added is none of ours.
  const handler = handlers[event.kind] as
    | ((cache: QueryClient, event: LiveEvent) => void)
    | undefined;
  handler?.(cache, event);
}

function applyDevice(cache: QueryClient, device: Device): void {
  const before = knownDevice(cache, device.id);
  if (before && servedBy(before) !== servedBy(device)) {
    for (const name of ['why', 'deviceProfile'])
      void cache.invalidateQueries({ queryKey: [name, { device: device.id }] });
    void cache.invalidateQueries({ queryKey: ['listVersions'] });
  }
  if (before && provedBy(before) !== provedBy(device)) {
    void cache.invalidateQueries({ queryKey: ['parity'] });
  }
  edit<Device>(cache, 'getDevice', { device: device.id }, () => device);
  edit<readonly Device[]>(cache, 'listDevices', {}, (list) => upsert(list, device, sameId));
}

function knownDevice(cache: QueryClient, id: string): Device | undefined {
  return (
    cache.getQueryData<Device>(queryKey('getDevice', { params: { device: id } })) ??
    cache.getQueryData<Device[]>(queryKey('listDevices'))?.find((each) => each.id === id)
  );
}

/** What a device serves and is wanted to serve: lineage, profile and the list of versions hang on that. */
function servedBy({ state, target }: Device): string {
  return `${state?.slots.active?.bundle.manifest} ${target.generation} ${target.active?.manifest}`;
}

/** What a device has found about bundles: the parity matrix hangs on that. */
function provedBy({ state }: Device): string {
  const proofs = Object.values(state?.slots ?? {}).map((slot) => [
    slot?.bundle.manifest,
    slot?.parity?.atMs,
  ]);
  return JSON.stringify([proofs, state?.refusals.map(({ manifest, atMs }) => [manifest, atMs])]);
}

function applyWindow(cache: QueryClient, device: string, window: WindowSummary): void {
  for (const [key, list] of cache.getQueriesData<readonly WindowSummary[]>({
    queryKey: ['deviceWindows', { device }],
  })) {
    if (!list || window.startMs >= numberOf(key[2], 'beforeMs', Number.POSITIVE_INFINITY)) continue;
    const limit = numberOf(key[2], 'limit', listLimit);
    cache.setQueryData(key, upsert(list, window, samePlace).slice(0, limit));
  }
}

function applyDeviceEvent(cache: QueryClient, device: string, event: DeviceEvent): void {
  edit<readonly DeviceEvent[]>(cache, 'deviceEvents', { device }, (list) =>
    upsert(list, event, samePlace),
  );
}

function applyAlarm(cache: QueryClient, alarm: Alarm): void {
  edit<Alarm>(cache, 'getAlarm', { alarm: alarm.id }, () => alarm);
  edit<readonly Alarm[]>(cache, 'listAlarms', {}, (list) => upsert(list, alarm, sameId));
}

function applyRollout(cache: QueryClient, rollout: Rollout): void {
  edit<Rollout>(cache, 'getRollout', { rollout: rollout.id }, () => rollout);
  edit<readonly Rollout[]>(cache, 'listRollouts', {}, (list) => upsert(list, rollout, sameId));
}

/** A run comes without its metrics, so those already here are kept. */
function applyRun(cache: QueryClient, run: Run): void {
  const keep = (old: Run | undefined): Run => ({
    ...run,
    metrics: run.metrics.length > 0 ? run.metrics : (old?.metrics ?? []),
  });
  edit<Run>(cache, 'getRun', { run: run.id }, keep);
  edit<readonly Run[]>(cache, 'listRuns', {}, (list) =>
    upsert(list, keep(list.find((each) => each.id === run.id)), sameId),
  );
}

function applyMetric(cache: QueryClient, id: string, metric: Metric): void {
  const append = (run: Run): Run =>
    run.id === id ? { ...run, metrics: withMetric(run.metrics, metric) } : run;
  edit<Run>(cache, 'getRun', { run: id }, append);
  edit<readonly Run[]>(cache, 'listRuns', {}, (list) => list.map(append));
}

/** The end of an epoch may be the step of a point that is already there: it says more, so it counts. */
function withMetric(metrics: readonly Metric[], metric: Metric): Metric[] {
  const others = metrics.filter((each) => each.step !== metric.step);
  return [...others, metric].toSorted((a, b) => a.step - b.step);
}

/** A sweep comes without its trials, so those already here are kept. */
function applySweep(cache: QueryClient, sweep: Sweep): void {
  edit<Sweep>(cache, 'getSweep', { sweep: sweep.id }, (old) => ({ ...sweep, trials: old.trials }));
  edit<readonly Sweep[]>(cache, 'listSweeps', {}, (list) => upsert(list, sweep, sameId));
}

function applyTrial(cache: QueryClient, sweep: string, trial: Trial): void {
  edit<Sweep>(cache, 'getSweep', { sweep }, (old) => ({
    ...old,
    trials: old.trials.map((each) => (each.number === trial.number ? trial : each)),
  }));
}

function applyTrialMetric(
  cache: QueryClient,
  sweep: string,
  { trial, metric }: { readonly trial: number; readonly metric: Metric },
): void {
  edit<readonly TrialCurve[]>(cache, 'sweepCurves', { sweep }, (curves) =>
    curves.map((curve) =>
      curve.trial === trial ? { ...curve, metrics: withMetric(curve.metrics, metric) } : curve,
    ),
  );
}

function applyVersion(cache: QueryClient, version: ModelVersion): void {
  const { model } = version;
  edit<ModelVersion>(
    cache,
    'getVersion',
    { model, version: String(version.version) },
    () => version,
  );
  edit<readonly ModelVersion[]>(cache, 'listVersions', { model }, (list) =>
    upsert(list, version, (a, b) => a.version === b.version),
  );
  void cache.invalidateQueries({ queryKey: ['listModels'] });
}

/** Queues are oldest first, and each query shows one status only. */
function applySample(cache: QueryClient, sample: FieldSample): void {
  for (const [key, list] of cache.getQueriesData<readonly FieldSample[]>({
    queryKey: ['labelQueue'],
  })) {
    if (!list) continue;
    const wanted = (key[2] as { status?: string } | undefined)?.status ?? 'waiting';
    const rest = list.filter((each) => each.sample !== sample.sample);
    cache.setQueryData(key, sample.status === wanted ? insertByTime(rest, sample) : rest);
  }
}

function insertByTime(list: readonly FieldSample[], sample: FieldSample): readonly FieldSample[] {
  const index = list.findIndex((each) => each.atMs > sample.atMs);
  return index < 0 ? [...list, sample] : list.toSpliced(index, 0, sample);
}

/** Edits every cached answer of a route with these path parameters. */
function edit<T>(
  cache: QueryClient,
  name: RouteName,
  params: Readonly<Record<string, string>>,
  change: (old: T) => T,
): void {
  cache.setQueriesData<T>({ queryKey: [name, params] }, (old) =>
    old === undefined ? old : change(old),
  );
}

/** Replaces the entry that is the same, or puts a new one first: lists come newest first. */
function upsert<T>(list: readonly T[], item: T, same: (a: T, b: T) => boolean): readonly T[] {
  const index = list.findIndex((each) => same(each, item));
  return index < 0 ? [item, ...list].slice(0, listLimit) : list.with(index, item);
}

function sameId(a: { readonly id: string }, b: { readonly id: string }): boolean {
  return a.id === b.id;
}

function samePlace(
  a: { readonly epoch: number; readonly sequence: number },
  b: { readonly epoch: number; readonly sequence: number },
): boolean {
  return a.epoch === b.epoch && a.sequence === b.sequence;
}

function numberOf(query: unknown, name: string, fallback: number): number {
  const value = typeof query === 'object' && query !== null ? Reflect.get(query, name) : undefined;
  return typeof value === 'number' ? value : fallback;
}
