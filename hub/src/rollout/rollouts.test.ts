import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import type { ModelVersion, Rollout } from '@edgewise/protocol/http';
import { defaultPolicies } from '../registry/policies.ts';
import { openDatabase } from '../store/open-database.ts';
import { aVersion } from '../testing/a-version.test.fixture.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { createManualClock } from '../testing/manual-clock.test.fixture.ts';
import { aDevice, createMemoryFleet } from '../testing/memory-fleet.test.fixture.ts';
import { createSqliteRolloutRecords } from './adapters/sqlite-rollout-records.ts';
import { createRollouts } from './rollouts.ts';

async function setUp(versions: readonly ModelVersion[] = [aVersion(1), aVersion(2)]) {
  const db = await openDatabase(':memory:');
  const fleet = createMemoryFleet(['a', 'b', 'c'].map((id) => aDevice(id)));
  const told: Rollout[] = [];
  const clock = createManualClock();
  const start = () =>
    createRollouts({
      ...{ records: createSqliteRolloutRecords(db), fleet, clock },
      version: (_, wanted) => {
        const found = versions.find(({ version }) => version === wanted);
        if (found === undefined) throw new FleetError('not-found', 'There is none.');
        return Promise.resolve(found);
      },
      policies: () => Promise.resolve({ ...defaultPolicies, predictions: 'qos0' }),
      live: { emit: (event) => event.kind === 'rollout' && told.push(event.rollout) },
      onError: (thrown) => assert.fail(String(thrown)),
    });
  return { fleet, told, clock, start, [Symbol.asyncDispose]: () => db.destroy() };
}

const statuses = ({ devices }: Rollout): string =>
  devices.map(({ device, status }) => `${device}:${status}`).join(' ');

test('a version reaches one device, then the others', async () => {
  await using hub = await setUp();
  const { fleet, told, start } = hub;
  await using rollouts = start();
  const { id } = await rollouts.start({ model: 'digits', version: 1 });
  const now = async () => statuses(await rollouts.get(id));
  await eventually(
    'the first order',
    async () => (await now()) === 'a:ordered b:waiting c:waiting',
  );
  fleet.serve('a');
  await eventually('the others', async () => (await now()) === 'a:serving b:ordered c:ordered');
  fleet.serve('b');
  fleet.serve('c');
  await eventually('the end', async () => (await rollouts.get(id)).status === 'done');
  assert.equal(told.at(-1)?.status, 'done');
});

test('a rollout goes on where it stood when the hub starts again', async () => {
  await using hub = await setUp();
  const { fleet, start } = hub;
  const first = start();
  const { id } = await first.start({ model: 'digits', version: 1 });
  await eventually('an order', async () => (await fleet.get('a')).active !== null);
  await first[Symbol.asyncDispose]();
  fleet.serve('a');
  await using second = start();
  await eventually('the others', async () => (await fleet.get('c')).active?.version === 1);
  assert.equal((await fleet.get('a')).generation, 1);
  assert.equal((await second.get(id)).status, 'running');
});

test('devices go back to what they served before', async () => {
  await using hub = await setUp();
  const { fleet, start } = hub;
  await using rollouts = start();
  for (const version of [1, 2]) {
    const { id } = await rollouts.start({ model: 'digits', version });
    await eventually(`version ${version}`, async () => {
      for (const { id: device, active } of await fleet.list()) if (active) fleet.serve(device);
      return (await rollouts.get(id)).status === 'done';
    });
  }
  const back = await rollouts.rollBack({ model: 'digits' });
  assert.deepEqual([back.kind, back.version], ['rollback', 1]);
  await eventually('version 1 again', async () =>
    (await fleet.list()).every(({ active }) => active?.version === 1),
  );
});

test('without an earlier version there is nothing to go back to', async () => {
  await using hub = await setUp();
  const { start } = hub;
  await using rollouts = start();
  await assert.rejects(rollouts.rollBack({ model: 'digits' }), { code: 'conflict' });
});

test('a refused version goes no further, and its first device gets its old target back', async () => {
  await using hub = await setUp();
  const { fleet, start } = hub;
  await using rollouts = start();
  const good = await rollouts.start({ model: 'digits', version: 1 });
  await eventually('version 1', async () => {
    for (const { id: device, active } of await fleet.list()) if (active) fleet.serve(device);
    return (await rollouts.get(good.id)).status === 'done';
  });
  const bad = await rollouts.start({ model: 'digits', version: 2 });
  await eventually('the order', async () => (await fleet.get('a')).active?.version === 2);
  fleet.refuse('a');
  await eventually('the stop', async () => (await rollouts.get(bad.id)).status === 'stopped');
  assert.equal(statuses(await rollouts.get(bad.id)), 'a:refused b:waiting c:waiting');
  assert.equal((await fleet.get('a')).active?.version, 1);
});

test('a later rollout takes the place of one that waits for a stuck device', async () => {
  await using hub = await setUp();
  const { fleet, start } = hub;
  await using rollouts = start();
  const older = await rollouts.start({ model: 'digits', version: 1 });
  await eventually('an order', async () => (await fleet.get('a')).active?.version === 1);
  const newer = await rollouts.start({ model: 'digits', version: 2 });
  assert.equal((await rollouts.get(older.id)).status, 'aborted');
  await eventually('the newer order', async () => (await fleet.get('b')).active?.version === 2);
  fleet.serve('b');
  await eventually('the stuck one, too', async () => (await fleet.get('a')).active?.version === 2);
  assert.equal((await rollouts.get(newer.id)).status, 'running');
});

test('a stopped rollout takes back orders that were not followed', async () => {
  await using hub = await setUp();
  const { fleet, start } = hub;
  await using rollouts = start();
  const { id } = await rollouts.start({ model: 'digits', version: 1 });
  await eventually('an order', async () => (await fleet.get('a')).active?.version === 1);
  assert.equal((await rollouts.abort(id)).status, 'aborted');
  assert.equal((await fleet.get('a')).active, null);
});

test('a version that failed its gate is not rolled out, and neither is one to nobody', async () => {
  const check = { name: 'golden set', ok: false, sentence: 'It loses 3 points.' };
  const failed = aVersion(3, { gate: { verdict: 'fail', checks: [check] } });
  await using hub = await setUp([aVersion(1), failed]);
  const { start } = hub;
  await using rollouts = start();
  await assert.rejects(
    rollouts.start({ model: 'digits', version: 3 }),
    /\[gate-failed\].*3 points/,
  );
  const unknown = { model: 'digits', version: 1, devices: ['ghost'] };
  await assert.rejects(rollouts.start(unknown), { code: 'not-found' });
});
