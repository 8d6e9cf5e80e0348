import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packBundle } from '@edgewise/models/bundle';
import { createSigner, generateKey, sha256 } from '@edgewise/models/crypto';
import { createProfile, encodeProfile } from '@edgewise/models/profile';
import type {
  Alarm,
  ModelInfo,
  ModelPolicies,
  ModelVersion,
  Rollout,
  Run,
} from '@edgewise/protocol/http';
import type { OfferedSample } from '../labels/intake.ts';
import type { OfferJudge } from '../labels/labels.ts';
import { defaultPolicies } from '../registry/policies.ts';
import { createProfiledBundles } from '../registry/profiled-bundles.ts';
import { createSignal } from '../signal.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openDatabase } from '../store/open-database.ts';
import type { StoredWindow, Telemetry } from '../telemetry/telemetry.ts';
import { aVersion } from '../testing/a-version.test.fixture.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { createManualClock } from '../testing/manual-clock.test.fixture.ts';
import { aDevice, createMemoryFleet } from '../testing/memory-fleet.test.fixture.ts';
import { aProfile, aWindow } from './a-window.test.fixture.ts';
import { createSqliteAlarmRecords } from './adapters/sqlite-alarm-records.ts';
import { type AlarmOptions, createAlarms } from './alarms.ts';
import { someLabels } from './an-alarm.test.fixture.ts';

const profile = createProfile(aProfile.bins, aProfile.references, { sha256 });
const digits = (digest: string): string => digest.slice(0, 16);

/** A version whose bundle lies in the store. */
async function storedVersion(blobs: ReturnType<typeof createMemoryBlobs>): Promise<ModelVersion> {
  const version = aVersion(1);
  const digest = 'd'.repeat(64);
  const bundle = await packBundle(
    {
      ...{ minAgent: '0.1.0', model: 'digits', version: 1, deviceClass: 'x64-vnni' },
      ...{ createdAtMs: 1, task: { kind: 'raw' }, profileOutput: 'profile' },
      inputs: [{ name: 'input', dtype: 'uint8', dims: [4], source: 'vector' }],
      profile: profile.digests,
      parity: { tolerance: 0.1, topAgreement: 0.9 },
      lineage: { recipe: digest, snapshot: digest, run: digest, model: digest },
      window: { samples: 100, maxSpanMs: 1000, minSpanMs: 0 },
    },
    new Map([['profile.json', encodeProfile(profile)]]),
    { signer: createSigner(generateKey().privateKeyPem), sha256 },
  );
  for (const bytes of bundle.files.values()) await blobs.put(bytes);
  const [variant] = version.variants;
  assert.ok(variant);
  return { ...version, variants: [{ ...variant, bundle: bundle.ref }] };
}

const watching = { ...defaultPolicies, autoRetrain: true, alarmThreshold: 10_000 };

async function setUp(policies: ModelPolicies = watching) {
  const db = await openDatabase(':memory:');
  const blobs = createMemoryBlobs();
  const versions = [await storedVersion(blobs)];
  const [first] = versions;
  assert.ok(first);
  const active = first.variants[0]?.bundle ?? null;
  const fleet = createMemoryFleet(['d1', 'd2', 'd3'].map((id) => aDevice(id, { active })));
  const onError = (thrown: unknown) => assert.fail(String(thrown));
  const windowStored = createSignal<StoredWindow>(onError);
  const clock = createManualClock();
  let labels = someLabels(0, 0);
  let judge: OfferJudge | undefined;
  const runs: Run[] = [];
  const rollouts: Rollout[] = [];
  const signals = {
    labelled: createSignal<never>(onError),
    model: createSignal<ModelInfo>(onError),
    ran: createSignal<Run>(onError),
    rolled: createSignal<Rollout>(onError),
  };
  let model: ModelInfo = {
    ...{ id: 'digits', classes: ['a', 'b'], dataset: 'digits', recipe: 'r', policies },
    ...{ createdAtMs: 1, latestVersion: 1 },
  };
  const options = {
    ...{ records: createSqliteAlarmRecords(db), fleet, blobs, clock, onError },
    telemetry: {
      windowStored,
      windowsAfter: () => Promise.resolve([]),
      events: () => Promise.resolve([]),
    } as unknown as Telemetry,
    registry: {
      versionAdded: createSignal<ModelVersion>(onError),
      modelChanged: signals.model,
      models: () => Promise.resolve([model]),
      model: () => Promise.resolve(model),
      versions: () => Promise.resolve(versions),
      version: (_: string, wanted: number) =>
        Promise.resolve(versions.find(({ version }) => version === wanted)),
    } as unknown as AlarmOptions['registry'],
    labels: {
      ofAlarm: () => Promise.resolve(labels),
      changed: signals.labelled,
      listen: (given: OfferJudge) => {
        judge = given;
      },
    } as unknown as AlarmOptions['labels'],
    pipeline: {
      finished: signals.ran,
      list: () => Promise.resolve(runs),
      get: (id: string) => Promise.resolve(runs.find((run) => run.id === id)),
      retrain: () => {
        const run = { id: 'run-2', model: 'digits', kind: 'retrain', status: 'running' } as Run;
        runs.push(run);
        return Promise.resolve(run);
      },
    } as unknown as AlarmOptions['pipeline'],
    rollouts: {
      finished: signals.rolled,
      list: () => Promise.resolve(rollouts),
      get: (id: string) => Promise.resolve(rollouts.find((rollout) => rollout.id === id)),
      start: ({ version }: { version: number }) => {
        const id = 'rollout-2';
        const begun = { id, kind: 'rollout', model: 'digits', version, status: 'running' };
        rollouts.push(begun as Rollout);
        return Promise.resolve(begun);
      },
    } as unknown as AlarmOptions['rollouts'],
    live: { emit: () => undefined },
  };
  const profiled = createProfiledBundles({ registry: options.registry, blobs });
  const start = () => createAlarms({ ...options, profiled });

  /** Windows of a device; shifted ones have drifted. */
  function send(device: string, from: number, to: number, shift = 0): void {
    const { bins, reference } = profile.digests;
    for (let sequence = from; sequence <= to; sequence++) {
      const place = { device, bins: digits(bins), reference: digits(reference) };
      windowStored.emit(aWindow(sequence, { shift, ...place }));
    }
  }
  return {
    ...{ start, send, fleet, clock, runs, rollouts, signals, versions },
    change(policies: ModelPolicies) {
      model = { ...model, policies };
      signals.model.emit(model);
    },
    offer: (device: string) =>
      judge?.({ device, atMs: 1, offer: { model: 'digits', reason: 'random' } } as OfferedSample),
    label(...args: Parameters<typeof someLabels>) {
      labels = someLabels(...args);
      clock.advance(1000);
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}

async function drifted(
  hub: Awaited<ReturnType<typeof setUp>>,
  alarms: ReturnType<typeof createAlarms>,
) {
  for (const device of ['d1', 'd2', 'd3']) hub.send(device, 1, 120);
  for (const device of ['d1', 'd2']) hub.send(device, 121, 122, 8);
  hub.send('d3', 121, 122);
  const devices = async () => (await alarms.list({ limit: 1 }))[0]?.devices.join(' ');
  await eventually('an alarm', async () => (await devices()) === 'd1 d2');
  const [alarm] = await alarms.list({ limit: 1 });
  assert.ok(alarm);
  return alarm;
}

const statusOf = async (alarms: ReturnType<typeof createAlarms>): Promise<Alarm['status']> =>
  (await alarms.list({ limit: 1 }))[0]?.status ?? 'open';

test('an alarm goes from windows to a resolved retraining by itself', async () => {
  await using hub = await setUp();
  await using alarms = hub.start();
  const alarm = await drifted(hub, alarms);
  assert.deepEqual(alarm.unchanged, ['d3']);
  assert.equal(await hub.offer('d1'), undefined);
  hub.clock.advance(6000);
  await eventually('the orders', () => hub.fleet.commands.length === 2);
  assert.deepEqual(hub.fleet.commands[0]?.body, {
    ...{ kind: 'capture', model: 'digits', random: 250, uncertain: 250, among: 1500 },
  });
  assert.deepEqual(await hub.offer('d1'), { alarm: alarm.id });
  assert.equal(await hub.offer('d3'), undefined);
  hub.label(460, 120);
  await eventually('a run', () => hub.runs.length === 1);
  await eventually('its record', async () => (await statusOf(alarms)) === 'retraining');
  hub.versions.unshift(aVersion(2));
  hub.runs[0] = { ...hub.runs[0], status: 'done', version: 2 } as Run;
  hub.signals.ran.emit(hub.runs[0] as Run);
  await eventually('a rollout', async () => (await statusOf(alarms)) === 'rolling-out');
  hub.rollouts[0] = { ...hub.rollouts[0], status: 'done' } as Rollout;
  hub.signals.rolled.emit(hub.rollouts[0] as Rollout);
  await eventually('the end', async () => (await statusOf(alarms)) === 'resolved');
  const { decisions, labelsGiven, run, rollout } = await alarms.get(alarm.id);
  assert.deepEqual([labelsGiven, run, rollout], [920, 'run-2', 'rollout-2']);
  assert.equal(decisions.length, 4);
});

test('an order that was lost with the hub is not given twice', async () => {
  await using hub = await setUp();
  const before = hub.start();
  await drifted(hub, before);
  hub.clock.advance(6000);
  await eventually('the orders', () => hub.fleet.commands.length === 2);
  await before[Symbol.asyncDispose]();
  hub.runs.push({ id: 'run-9', model: 'digits', kind: 'retrain', status: 'running' } as Run);
  await using after = hub.start();
  hub.label(460, 120);
  await eventually('its record', async () => (await statusOf(after)) === 'retraining');
  const [alarm] = await after.list({ limit: 1 });
  assert.equal(alarm?.run, 'run-9');
  assert.deepEqual([hub.runs.length, hub.fleet.commands.length], [1, 2]);
});

test('a dismissed alarm lets its devices learn anew, and nothing is retrained', async () => {
  await using hub = await setUp();
  await using alarms = hub.start();
  const alarm = await drifted(hub, alarms);
  assert.equal((await alarms.dismiss(alarm.id, 'ana')).status, 'dismissed');
  const state = async () => (await alarms.drift.summary('d1')).state;
  await eventually('a new baseline', async () => (await state()) === 'learning');
  hub.send('d1', 123, 260, 8);
  assert.equal(await state(), 'watching');
  assert.equal((await alarms.list({ limit: 10 })).length, 1);
  assert.equal(hub.runs.length, 0);
});

test('a person may retrain at once, but not twice', async () => {
  await using hub = await setUp({ ...defaultPolicies, autoRetrain: false });
  await using alarms = hub.start();
  const alarm = await drifted(hub, alarms);
  assert.equal((await alarms.retrain(alarm.id, 'ana')).id, 'run-2');
  await assert.rejects(alarms.retrain(alarm.id, 'ana'), { code: 'conflict' });
  await assert.rejects(alarms.get('ghost'), { code: 'not-found' });
});

test('windows of a model that a device was told to leave raise no alarm', async () => {
  await using hub = await setUp();
  await using alarms = hub.start();
  hub.send('d1', 1, 120);
  await alarms.drift.summary('d1');
  hub.fleet.report('d1', { active: aVersion(2).variants[0]?.bundle ?? null });
  hub.send('d1', 121, 122, 8);
  assert.equal((await alarms.drift.summary('d1')).state, 'alarm');
  assert.deepEqual(await alarms.list({ limit: 1 }), []);
});

test('another alarm line holds at once, and baselines are kept', async () => {
  await using hub = await setUp();
  await using alarms = hub.start();
  hub.send('d1', 1, 120);
  const before = await alarms.drift.summary('d1');
  hub.change({ ...watching, alarmThreshold: 1e9 });
  hub.send('d1', 121, 121);
  const after = await alarms.drift.summary('d1');
  assert.deepEqual([before.state, after.state], ['watching', 'watching']);
  assert.ok((after.logThreshold ?? 0) > (before.logThreshold ?? 0) + 10);
});
