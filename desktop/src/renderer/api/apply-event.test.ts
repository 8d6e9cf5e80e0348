import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type {
  Device,
  FieldSample,
  LiveEvent,
  Run,
  Sweep,
  TrialCurve,
  WindowSummary,
} from '@edgewise/protocol/http';
import { QueryClient } from '@tanstack/react-query';
import { sampleFixtures } from '../../testing/fixture-alarms.ts';
import { deviceFixtures, windowFixtures } from '../../testing/fixture-devices.ts';
import { runFixtures, versionFixtures } from '../../testing/fixture-models.ts';
import { type FixtureSweep, sweepFixtures } from '../../testing/fixture-sweeps.ts';
import { applyEvent } from './apply-event.ts';
import { queryKey } from './queries.ts';

const nowMs = 1_700_000_000_000;
const [gate, hall] = deviceFixtures(nowMs) as [Device, Device];
let cache: QueryClient;

beforeEach(() => {
  cache = new QueryClient();
});

test('a device replaces itself in the list and where it is shown alone', () => {
  cache.setQueryData(queryKey('listDevices'), [gate, hall]);
  cache.setQueryData(queryKey('getDevice', { params: { device: hall.id } }), hall);
  applyEvent(cache, { kind: 'device', device: { ...hall, cloned: true } });
  assert.deepEqual(
    cache.getQueryData<Device[]>(queryKey('listDevices'))?.map((each) => [each.id, each.cloned]),
    [
      ['gate-1', false],
      ['hall-2', true],
    ],
  );
  assert.equal(
    cache.getQueryData<Device>(queryKey('getDevice', { params: { device: hall.id } }))?.cloned,
    true,
  );
});

test('lineage is asked for again when a device serves something else, and only then', () => {
  const why = queryKey('why', { params: { device: hall.id } });
  cache.setQueryData(queryKey('getDevice', { params: { device: hall.id } }), hall);
  cache.setQueryData(why, { device: hall.id });
  applyEvent(cache, { kind: 'device', device: { ...hall, throughputPerSecond: 1 } });
  assert.equal(cache.getQueryState(why)?.isInvalidated, false);
  const target = { ...hall.target, generation: hall.target.generation + 1 };
  applyEvent(cache, { kind: 'device', device: { ...hall, target } });
  assert.equal(cache.getQueryState(why)?.isInvalidated, true);
});

test('what was never fetched stays unfetched', () => {
  applyEvent(cache, { kind: 'device', device: gate });
  assert.equal(cache.getQueryData(queryKey('listDevices')), undefined);
});

test('a window comes first in every list of its device, and lists keep their length', () => {
  const windows = windowFixtures('hall-2', nowMs, 3);
  const short = queryKey('deviceWindows', { params: { device: 'hall-2' }, query: { limit: 3 } });
  const long = queryKey('deviceWindows', { params: { device: 'hall-2' }, query: { limit: 60 } });
  const other = queryKey('deviceWindows', { params: { device: 'hall-3' }, query: { limit: 3 } });
  for (const key of [short, long, other]) cache.setQueryData(key, windows);
  const newest = { ...windows[0], sequence: 1_001 } as WindowSummary;
  applyEvent(cache, { kind: 'window', device: 'hall-2', window: newest });
  applyEvent(cache, { kind: 'window', device: 'hall-2', window: newest });
  const sequences = (key: typeof short) =>
    cache.getQueryData<WindowSummary[]>(key)?.map((each) => each.sequence);
  assert.deepEqual(sequences(short), [1_001, 1_000, 999]);
  assert.deepEqual(sequences(long), [1_001, 1_000, 999, 998]);
  assert.deepEqual(sequences(other), [1_000, 999, 998]);
});

test('a list of windows before a moment takes none after it', () => {
  const windows = windowFixtures('hall-2', nowMs, 3);
  const key = queryKey('deviceWindows', {
    params: { device: 'hall-2' },
    query: { limit: 9, beforeMs: nowMs },
  });
  cache.setQueryData(key, windows);
  const at = (sequence: number, startMs: number) =>
    applyEvent(cache, {
      kind: 'window',
      device: 'hall-2',
      window: { ...windows[0], sequence, startMs } as WindowSummary,
    });
  at(1_001, nowMs - 1);
  at(1_002, nowMs);
  assert.deepEqual(
    cache.getQueryData<WindowSummary[]>(key)?.map((each) => each.sequence),
    [1_001, 1_000, 999, 998],
  );
});

test('a run keeps its metrics when it comes without them, and metrics are appended once', () => {
  const [run] = runFixtures(nowMs) as [Run];
  cache.setQueryData(queryKey('getRun', { params: { run: run.id } }), run);
  applyEvent(cache, { kind: 'run', run: { ...run, progress: 0.9, metrics: [] } });
  const metric = { step: 9_999, epoch: 3, loss: 0.1 };
  applyEvent(cache, { kind: 'metric', run: run.id, metric });
  applyEvent(cache, { kind: 'metric', run: run.id, metric });
  const known = cache.getQueryData<Run>(queryKey('getRun', { params: { run: run.id } }));
  assert.equal(known?.progress, 0.9);
  assert.equal(known?.metrics.length, run.metrics.length + 1);
  // The same step once more, as the end of an epoch.
  applyEvent(cache, { kind: 'metric', run: run.id, metric: { ...metric, accuracy: 0.9 } });
  const later = cache.getQueryData<Run>(queryKey('getRun', { params: { run: run.id } }));
  assert.equal(later?.metrics.length, run.metrics.length + 1);
  assert.equal(later?.metrics.at(-1)?.accuracy, 0.9);
});

test('a labelled sample leaves the queue, and one that was taken back returns to its place', () => {
  const [first, second, third] = sampleFixtures(nowMs) as [FieldSample, FieldSample, FieldSample];
  const waiting = queryKey('labelQueue', { query: { status: 'waiting' } });
  cache.setQueryData(waiting, [first, second, third]);
  const ids = () => cache.getQueryData<FieldSample[]>(waiting)?.map((each) => each.sample);
  applyEvent(cache, { kind: 'sample', sample: { ...second, status: 'labelled', label: 3 } });
  assert.deepEqual(ids(), [first.sample, third.sample]);
  applyEvent(cache, { kind: 'sample', sample: second });
  assert.deepEqual(ids(), [first.sample, second.sample, third.sample]);
});

test('a new version enters the list of its model', () => {
  const [newest, ...older] = versionFixtures(nowMs);
  assert.ok(newest);
  const key = queryKey('listVersions', { params: { model: 'digits' } });
  cache.setQueryData(key, older);
  applyEvent(cache, { kind: 'version', version: newest });
  assert.deepEqual(
    cache.getQueryData<{ version: number }[]>(key)?.map((each) => each.version),
    [3, 2, 1],
  );
});

test('a reset makes everything old', () => {
  cache.setQueryData(queryKey('listDevices'), [gate]);
  applyEvent(cache, { kind: 'reset', atMs: nowMs });
  assert.equal(cache.getQueryState(queryKey('listDevices'))?.isInvalidated, true);
});

test('an event of a kind that is not known yet changes nothing', () => {
  applyEvent(cache, { kind: 'weather' } as unknown as LiveEvent);
});

test('a sweep keeps its trials when it changes, and a trial changes alone', () => {
  const [{ sweep, curves }] = sweepFixtures(nowMs) as [FixtureSweep];
  const one = queryKey('getSweep', { params: { sweep: sweep.id } });
  const list = queryKey('listSweeps', { query: { limit: 100 } });
  const learned = queryKey('sweepCurves', { params: { sweep: sweep.id } });
  cache.setQueryData(one, sweep);
  cache.setQueryData(list, []);
  cache.setQueryData(learned, curves);
  applyEvent(cache, { kind: 'sweep', sweep: { ...sweep, trials: [], status: 'done' } });
  assert.deepEqual(
    [cache.getQueryData<Sweep>(one)?.status, cache.getQueryData<Sweep>(one)?.trials.length],
    ['done', 18],
  );
  assert.equal(cache.getQueryData<Sweep[]>(list)?.[0]?.id, sweep.id);
  const trial = { ...sweep.trials[3], progress: 0.9 } as Sweep['trials'][number];
  applyEvent(cache, { kind: 'trial', sweep: sweep.id, trial });
  assert.deepEqual(
    cache.getQueryData<Sweep>(one)?.trials.filter((each, at) => each !== sweep.trials[at]),
    [trial],
  );
  const metric = { step: 99_000, epoch: 99, loss: 0.1 };
  for (let time = 0; time < 2; time++)
    applyEvent(cache, { kind: 'trial-metric', sweep: sweep.id, trial: 4, metric });
  const after = cache.getQueryData<TrialCurve[]>(learned) ?? [];
  assert.deepEqual(
    after.map(({ metrics }, at) => metrics.length - (curves[at]?.metrics.length ?? 0)),
    after.map(({ trial: number }) => (number === 4 ? 1 : 0)),
  );
});
