import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { type LocalTrials, localTrials } from './local-trials.test.fixture.ts';
import { createSweepBench, ended, grid } from './sweep-bench.test.fixture.ts';

test('a hub that was closed repeats no finished trial and goes on at the checkpoint of the others', async () => {
  const blobs = createMemoryBlobs();
  const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
  let holds = true;
  const trials = localTrials(blobs, (_, signal) => {
    if (!holds || trials.orders.length < 3) return Promise.resolve();
    held();
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(FleetError.from(signal.reason)), {
        once: true,
      }),
    );
  });
  await using bench = await createSweepBench(blobs, trials);
  const before = bench.start();
  const sweep = await before.start({ model: 'stripes', sweep: { ...grid, workers: 1 } });
  await isHeld;
  await before[Symbol.asyncDispose]();
  assert.equal((await before.get(sweep.id)).status, 'running');
  holds = false;
  await using after = bench.start();
  const whole = await ended(after, sweep);
  assert.deepEqual([whole.status, whole.best], ['done', 2]);
  assert.equal(trials.orders.length, 4);
  assert.equal(trials.orders[3]?.recipe, whole.trials[2]?.recipe);
});

test('a worker that is lost is replaced twice, then its trial has failed', async () => {
  const blobs = createMemoryBlobs();
  const trials = localTrials(blobs, () => {
    throw new FleetError('unavailable', 'It was killed.');
  });
  await using bench = await createSweepBench(blobs, trials);
  await using sweeps = bench.start();
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: grid }));
  assert.equal(trials.orders.length, 9);
  assert.deepEqual(
    [sweep.status, sweep.run, sweep.error?.detail],
    ['failed', null, 'It was killed.'],
  );
});

test('a result that could not be written down is no result', async () => {
  const blobs = createMemoryBlobs();
  let fails = true;
  await using bench = await createSweepBench(blobs);
  const { putTrial, ...records } = bench.records;
  await using sweeps = bench.start({
    ...records,
    putTrial(sweep, record) {
      if (!fails || record.trial.results.length === 0) return putTrial(sweep, record);
      fails = false;
      return Promise.reject(new FleetError('unavailable', 'The store is busy.'));
    },
  });
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: grid }));
  assert.equal(bench.trials.orders.length, 4);
  assert.deepEqual(
    sweep.trials.map(({ status, results }) => [status, results.length]),
    [
      ['done', 1],
      ['done', 1],
      ['done', 1],
    ],
  );
});

test('a result that two workers tell of counts once', async () => {
  const blobs = createMemoryBlobs();
  const trials = localTrials(blobs);
  const { run } = trials.worker;
  const twice: LocalTrials = {
    ...trials,
    worker: {
      run: (order, listener, signal) =>
        run(
          order,
          {
            ...listener,
            async result(step, digest) {
              await listener.result(step, digest);
              await listener.result(step, digest);
            },
          },
          signal,
        ),
    },
  };
  await using bench = await createSweepBench(blobs, twice);
  await using sweeps = bench.start();
  const { trials: all } = await ended(
    sweeps,
    await sweeps.start({ model: 'stripes', sweep: grid }),
  );
  assert.deepEqual(
    all.map(({ results }) => results.length),
    [1, 1, 1],
  );
});

test('a full disk ends the sweep, for no other trial would fare better', async () => {
  const blobs = createMemoryBlobs();
  const trials = localTrials(blobs, () => {
    if (trials.orders.length < 2) return Promise.resolve();
    throw new FleetError('disk-full', 'No space is left.');
  });
  await using bench = await createSweepBench(blobs, trials);
  await using sweeps = bench.start();
  const spec = { ...grid, workers: 1 };
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: spec }));
  assert.deepEqual([sweep.status, sweep.error?.code, sweep.run], ['failed', 'disk-full', null]);
  assert.deepEqual(
    sweep.trials.map(({ status, results }) => [status, results.length]),
    [
      ['done', 1],
      ['canceled', 0],
      ['canceled', 0],
    ],
  );
});

test('a sweep that is canceled when its best is known already is done', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createSweepBench(blobs);
  const { put, ...records } = bench.records;
  await using sweeps = bench.start({
    ...records,
    async put(sweep) {
      await put(sweep);
      // Not waited for: what is called off is written down after this.
      if (sweep.best !== null && sweep.finishedAtMs === null) void sweeps.cancel(sweep.id);
    },
  });
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: grid }));
  assert.deepEqual([sweep.status, sweep.best], ['done', 2]);
});

test('a sweep that a hub was asked to stop before it was killed does not go on', async () => {
  const blobs = createMemoryBlobs();
  const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
  // A worker that does not hear, as one within a long operator.
  const trials = localTrials(blobs, () => {
    held();
    return new Promise(() => undefined);
  });
  await using bench = await createSweepBench(blobs, trials);
  const killed = bench.start();
  const sweep = await killed.start({ model: 'stripes', sweep: grid });
  await isHeld;
  await killed.cancel(sweep.id);
  await using next = bench.start();
  const { status, error, trials: all } = await ended(next, sweep);
  assert.deepEqual([status, error, trials.orders.length], ['canceled', null, 2]);
  assert.ok(all.every((trial) => trial.status === 'canceled'));
});

test('a sweep that is canceled the moment it begins does not train', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createSweepBench(blobs);
  const { open, ...records } = bench.records;
  await using sweeps = bench.start({
    ...records,
    async open() {
      const list = await open();
      for (const { id } of list) await sweeps.cancel(id);
      return list;
    },
  });
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: grid }));
  await eventually('quiet', async () => (await bench.records.open()).length === 0);
  assert.deepEqual([sweep.status, bench.trials.orders.length], ['canceled', 0]);
  assert.ok((await sweeps.get(sweep.id)).trials.every(({ status }) => status === 'canceled'));
});

test('a running and a queued sweep can be stopped, and what was found stays', async () => {
  const blobs = createMemoryBlobs();
  const trials = localTrials(blobs, (_, signal) => {
    if (trials.orders.length < 2) return Promise.resolve();
    return new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
  });
  await using bench = await createSweepBench(blobs, trials);
  await using sweeps = bench.start();
  const running = await sweeps.start({ model: 'stripes', sweep: { ...grid, workers: 1 } });
  const queued = await sweeps.start({ model: 'stripes', sweep: grid });
  await eventually('a second trial', () => trials.orders.length === 2);
  assert.equal((await sweeps.cancel(queued.id)).status, 'canceled');
  await sweeps.cancel(running.id);
  const { status, trials: kept, run } = await ended(sweeps, running);
  assert.deepEqual([status, run], ['canceled', null]);
  assert.deepEqual(
    kept.map((trial) => [trial.status, trial.results.length]),
    [
      ['done', 1],
      ['canceled', 0],
      ['canceled', 0],
    ],
  );
  await assert.rejects(sweeps.get('sweep-0'), { code: 'not-found' });
});
