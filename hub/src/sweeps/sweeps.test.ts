import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCheckpoint } from '@edgewise/models/train';
import { FleetError } from '@edgewise/protocol';
import type { LiveEvent, Sweep, SweepSpec } from '@edgewise/protocol/http';
import { decodeSnapshot } from '../datasets/snapshot.ts';
import { localWorker } from '../pipeline/local-worker.test.fixture.ts';
import {
  createPipelineBench,
  type PipelineBench,
  tinyRecipe,
} from '../pipeline/pipeline-bench.test.fixture.ts';
import type { Worker } from '../pipeline/worker.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import type { BlobStore } from '../store/blobs.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { createSqliteSweepRecords } from './adapters/sqlite-sweep-records.ts';
import { type LocalTrials, localTrials } from './local-trials.test.fixture.ts';
import type { SweepRecords } from './sweep-records.ts';
import { createSweeps, type Sweeps } from './sweeps.ts';

/** One rate that learns nothing, one that learns, one that diverges into nothing useful. */
const rates = { 'optimizer.rate': { values: [1e-7, 0.01, 1e-6] } };
const grid: SweepSpec = { method: 'grid', parameters: rates };

interface Bench extends AsyncDisposable {
  readonly base: PipelineBench;
  readonly pipeline: ReturnType<PipelineBench['start']>;
  readonly events: LiveEvent[];
  readonly trials: LocalTrials;
  readonly records: SweepRecords;
  /** Sweeps; a second one is that of the next process. */
  start(records?: SweepRecords): Sweeps;
}

async function createBench(
  blobs: BlobStore,
  trials: LocalTrials = localTrials(blobs),
  worker: Worker = localWorker(blobs).worker,
): Promise<Bench> {
  const base = await createPipelineBench({ worker, blobs });
  const pipeline = base.start();
  const events: LiveEvent[] = [];
  const { db, datasets, clock, onError } = base.parts;
  const stored = createSqliteSweepRecords(db);
  return {
    ...{ base, pipeline, events, trials, records: stored },
    start: (records = stored) =>
      createSweeps({
        ...{ records, blobs, blobFolder: '', datasets, pipeline },
        ...{ registry: base.registry, worker: trials.worker, clock, onError },
        live: { emit: (event) => void events.push(event) },
      }),
    async [Symbol.asyncDispose]() {
      await pipeline[Symbol.asyncDispose]();
      await base[Symbol.asyncDispose]();
    },
  };
}

async function ended(sweeps: Sweeps, { id }: Sweep): Promise<Sweep> {
  await eventually(`the end of ${id}`, async () => (await sweeps.get(id)).finishedAtMs !== null);
  return sweeps.get(id);
}

const accuracyOf = ({ trials }: Sweep, number: number): number =>
  trials[number - 1]?.results.at(-1)?.accuracy ?? 0;

test('the best of a grid becomes a version, equal to an ordinary run of its recipe', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createBench(blobs);
  await using sweeps = bench.start();
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: grid }));
  assert.deepEqual([sweep.status, sweep.best, sweep.error], ['done', 2, null]);
  assert.ok(accuracyOf(sweep, 2) > 0.95 && accuracyOf(sweep, 1) < 0.9);
  assert.deepEqual(
    sweep.trials.map(({ status, results }) => [status, results[0]?.epochs]),
    [
      ['done', 4],
      ['done', 4],
      ['done', 4],
    ],
  );
  const { leader, ...tally } = sweep.tally ?? {};
  assert.deepEqual(tally, { ended: 3, failed: 0, round: 1, finished: 3 });
  assert.deepEqual(leader, { trial: 2, accuracy: accuracyOf(sweep, 2) });
  assert.deepEqual((await sweeps.list({ limit: 1 }))[0]?.tally, sweep.tally);
  const run = sweep.run ?? '';
  await eventually('the run', async () => (await bench.pipeline.get(run)).status === 'done');
  const made = await bench.base.registry.version('stripes', 1);
  assert.equal(made.run, run);
  assert.equal(made.recipe, sweep.trials[1]?.recipe);
  assert.equal((await bench.base.registry.model('stripes')).recipe, made.recipe);
  const accuracies = (await bench.pipeline.get(run)).metrics.flatMap(
    ({ accuracy }) => accuracy ?? [],
  );
  assert.equal(accuracies.length, 4);

  const plain = await bench.pipeline.start({ model: 'stripes' });
  await eventually(
    'a plain run',
    async () => (await bench.pipeline.get(plain.id)).status === 'done',
  );
  assert.equal((await bench.base.registry.version('stripes', 2)).fp32.digest, made.fp32.digest);
});

/** A store that remembers what was put, and which of it is a checkpoint that is still there. */
function watchedBlobs() {
  const inner = createMemoryBlobs();
  const put = new Set<string>();
  const blobs: BlobStore = {
    ...inner,
    async put(bytes) {
      const digest = await inner.put(bytes);
      put.add(digest);
      return digest;
    },
  };
  const isCheckpoint = (bytes: Uint8Array): boolean => {
    try {
      return decodeCheckpoint(bytes).step > 0;
    } catch {
      return false;
    }
  };
  const checkpoints = async () => {
    const left: string[] = [];
    for (const digest of put) {
      if ((await inner.has(digest)) && isCheckpoint(await inner.get(digest))) left.push(digest);
    }
    return left;
  };
  return { blobs, checkpoints };
}

test('halving stops the worse and trains the better on from their checkpoints', async () => {
  const { blobs, checkpoints } = watchedBlobs();
  await using bench = await createBench(blobs);
  await using sweeps = bench.start();
  const spec: SweepSpec = {
    ...{ method: 'halving', trials: 4, eta: 2, epochs: 1 },
    parameters: { 'optimizer.rate': { values: [1e-7, 0.01, 1e-6, 0.003] } },
  };
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: spec }));
  assert.deepEqual(sweep.rungs, [
    { trials: 4, epochs: 1 },
    { trials: 2, epochs: 2 },
    { trials: 1, epochs: 4 },
  ]);
  const epochs = sweep.trials.map(({ results }) => results.map((result) => result.epochs));
  assert.deepEqual(epochs.map(({ length }) => length).sort(), [1, 1, 2, 3]);
  assert.deepEqual(epochs[(sweep.best ?? 0) - 1], [1, 2, 4]);
  const goneOn = bench.trials.orders.slice(4);
  assert.ok(goneOn.length === 3 && goneOn.every(({ checkpoint }) => checkpoint !== undefined));
  const run = sweep.run ?? '';
  await eventually('the run', async () => (await bench.pipeline.get(run)).status === 'done');
  const plain = await bench.pipeline.start({ model: 'stripes' });
  await eventually(
    'a plain run',
    async () => (await bench.pipeline.get(plain.id)).status === 'done',
  );
  const digests = (await bench.base.registry.versions('stripes')).map(({ fp32 }) => fp32.digest);
  assert.equal(digests[0], digests[1]);
  await eventually('no checkpoint is left', async () => (await checkpoints()).length === 0);
});

test('the curves of trials are told epoch by epoch, and kept across their rounds', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createBench(blobs);
  await using sweeps = bench.start();
  const spec: SweepSpec = {
    ...{ method: 'halving', trials: 2, eta: 2, epochs: 2 },
    parameters: { 'optimizer.rate': { values: [1e-7, 0.01] } },
  };
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: spec }));
  const curves = await sweeps.curves(sweep.id);
  const epochs = curves.map(({ metrics }) => metrics.map(({ epoch }) => epoch));
  assert.deepEqual(epochs[(sweep.best ?? 0) - 1], [1, 2, 3, 4]);
  assert.deepEqual(epochs[2 - (sweep.best ?? 0)], [1, 2]);
  for (const { trial, metrics } of curves) {
    assert.ok(metrics.every(({ accuracy = Number.NaN }) => accuracy >= 0 && accuracy <= 1));
    const told = bench.events.filter(
      (event) => event.kind === 'trial-metric' && event.trial === trial,
    );
    assert.ok(told.length >= metrics.length);
  }
  assert.ok(sweep.trials.every(({ trainedMs }) => trainedMs !== undefined));
  await assert.rejects(sweeps.curves('sweep-0'), { code: 'not-found' });
});

test('of the trials that are done only the best keeps its checkpoint', async () => {
  const { blobs, checkpoints } = watchedBlobs();
  const kept: number[] = [];
  const trials = localTrials(blobs, async () => void kept.push((await checkpoints()).length));
  await using bench = await createBench(blobs, trials);
  await using sweeps = bench.start();
  await bench.base.registry.putModel('stripes', {
    ...{ dataset: 'stripes', recipe: { ...tinyRecipe, epochs: 8 } },
  });
  const spec = { ...grid, workers: 1 };
  await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: spec }));
  assert.deepEqual(kept, [0, 1, 1]);
});

test('trials never read the test part, and see the same data with the same seed', async () => {
  const blobs = createMemoryBlobs();
  const read: string[] = [];
  const watched: BlobStore = {
    ...blobs,
    get: (digest) => {
      read.push(digest);
      return blobs.get(digest);
    },
  };
  const trials = localTrials(watched);
  const idle: Worker = {
    run: () => Promise.resolve({ ok: false, code: 'canceled', detail: 'Not in this test.' }),
  };
  await using bench = await createBench(blobs, trials, idle);
  await using sweeps = bench.start();
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: grid, seed: 7 }));
  const { shards } = decodeSnapshot(await blobs.get(sweep.snapshot));
  assert.ok(shards.test.length > 0 && read.includes(shards.train[0] ?? ''));
  for (const shard of shards.test) assert.ok(!read.includes(shard));
  assert.deepEqual(
    [...new Set(trials.orders.map(({ snapshot, seed }) => `${snapshot} ${seed}`))],
    [`${sweep.snapshot} 7`],
  );
});

test('so many trials train at once as there are workers, and find the same', async () => {
  const blobs = createMemoryBlobs();
  const found: unknown[] = [];
  for (const workers of [1, 3]) {
    const trials = localTrials(blobs);
    await using bench = await createBench(blobs, trials);
    await using sweeps = bench.start();
    const sweep = { ...grid, workers };
    const { trials: all } = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep }));
    found.push(all.map(({ results }) => results));
    assert.equal(trials.most(), workers);
  }
  assert.deepEqual(found[0], found[1]);
});

test('where the epochs are varied, each trial trains its own', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createBench(blobs);
  await using sweeps = bench.start();
  const spec: SweepSpec = { method: 'grid', parameters: { epochs: { values: [1, 6] } } };
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: spec }));
  assert.deepEqual(
    sweep.trials.map(({ results }) => results.map(({ epochs }) => epochs)),
    [[1], [6]],
  );
});

test('trials that differ in bits are judged by the rounded network, and the best becomes a version', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createBench(blobs);
  const quantization = { weightBits: 8, epochs: 1, rate: 1e-9 };
  await bench.base.registry.putModel('stripes', {
    ...{ dataset: 'stripes', recipe: { ...tinyRecipe, quantization } },
  });
  await using sweeps = bench.start();
  const spec: SweepSpec = {
    method: 'grid',
    parameters: { 'quantization.weightBits': { values: [2, 8] } },
  };
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: spec }));
  assert.deepEqual(sweep.rungs, [{ trials: 2, epochs: 5 }]);
  assert.deepEqual(
    sweep.trials.map(({ results }) => results[0]?.epochs),
    [5, 5],
  );
  assert.ok(
    accuracyOf(sweep, 1) < 0.9 && accuracyOf(sweep, 2) > 0.95,
    JSON.stringify(sweep.trials),
  );
  assert.equal(sweep.best, 2);
  const run = sweep.run ?? '';
  await eventually('the run', async () => (await bench.pipeline.get(run)).status === 'done');
  const plain = await bench.pipeline.start({ model: 'stripes' });
  await eventually(
    'a plain run',
    async () => (await bench.pipeline.get(plain.id)).status === 'done',
  );
  const made = (await bench.base.registry.versions('stripes')).map(({ fp32, variants }) => [
    fp32.digest,
    ...variants.map(({ graphBytes, accuracy }) => [graphBytes, accuracy]),
  ]);
  assert.deepEqual(made[0], made[1]);
});

test('a trial that diverges has failed, and the others go on', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createBench(blobs);
  await using sweeps = bench.start();
  const sgd = (rate: number) => ({ kind: 'sgd', rate });
  const sweep = await ended(
    sweeps,
    await sweeps.start({
      model: 'stripes',
      sweep: {
        method: 'grid',
        parameters: {
          optimizer: { values: [sgd(10), sgd(0.05)] },
          loss: { values: ['mean-squared-error'] },
        },
      },
    }),
  );
  assert.deepEqual(
    sweep.trials.map(({ status }) => status),
    ['failed', 'done'],
  );
  assert.match(sweep.trials[0]?.error?.detail ?? '', /diverged/);
  assert.equal(sweep.best, 2);
});

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
  await using bench = await createBench(blobs, trials);
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
  await using bench = await createBench(blobs, trials);
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
  await using bench = await createBench(blobs);
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
  await using bench = await createBench(blobs, twice);
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
  await using bench = await createBench(blobs, trials);
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
  await using bench = await createBench(blobs);
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
  await using bench = await createBench(blobs, trials);
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
  await using bench = await createBench(blobs);
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
  await using bench = await createBench(blobs, trials);
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

test('a sweep that is refused registers no model, and one that begins does', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createBench(blobs);
  await using sweeps = bench.start();
  const { base } = bench;
  const start = (sweep: SweepSpec, recipe: object = tinyRecipe) =>
    sweeps.start({ model: 'lines', sweep, register: { dataset: 'stripes', recipe } });
  const names = async () => (await base.registry.models()).map(({ id }) => id);
  const place: SweepSpec = {
    ...{ method: 'grid', parameters: { 'optimizer.speed': { values: [1] } } },
  };
  await assert.rejects(start(place), /names nothing/);
  await assert.rejects(start(grid, { ...tinyRecipe, validationSplit: 0.001 }), {
    code: 'insufficient-data',
  });
  const sizes: SweepSpec = { method: 'grid', parameters: { batchSize: { values: [16, 600] } } };
  await assert.rejects(start(sizes), {
    code: 'insufficient-data',
    message: /"batchSize" = 600: Data set "stripes" has 600 training samples, of which 50 are held/,
  });
  await assert.rejects(start(grid, { ...tinyRecipe, epochs: 0 }), /"epochs" must be/);
  assert.deepEqual(await names(), ['stripes']);
  const sweep = await start(grid);
  assert.deepEqual((await names()).sort(), ['lines', 'stripes']);
  assert.equal((await base.registry.model('lines')).recipe, sweep.recipe);
  await sweeps.cancel(sweep.id);
});

test('a faulty sweep is refused with the place, and nothing is kept of it', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createBench(blobs);
  await using sweeps = bench.start();
  const start = (parameters: SweepSpec['parameters']) =>
    sweeps.start({ model: 'stripes', sweep: { method: 'grid', parameters } });
  await assert.rejects(
    start({ 'layers.6.units': { values: [2, 3] } }),
    /"layers\.6\.units" = 3: .*has 2/,
  );
  await assert.rejects(start({ 'layers.0.stripes': { values: [1] } }), /names nothing/);
  const tfjs = [{ ...tinyRecipe.layers[0], dilation: 2 }];
  await assert.rejects(
    start({ 'layers.0': { values: tfjs }, trainer: { values: ['tfjs'] } }),
    /"trainer" names nothing/,
  );
  await assert.rejects(sweeps.start({ model: 'ghost', sweep: grid }), { code: 'not-found' });
  assert.deepEqual([await sweeps.list({ limit: 9 }), bench.trials.orders], [[], []]);
});
