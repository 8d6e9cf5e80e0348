import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCheckpoint } from '@edgewise/models/train';
import type { SweepSpec } from '@edgewise/protocol/http';
import { decodeSnapshot } from '../datasets/snapshot.ts';
import { tinyRecipe } from '../pipeline/pipeline-bench.test.fixture.ts';
import type { Worker } from '../pipeline/worker.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import type { BlobStore } from '../store/blobs.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { localTrials } from './local-trials.test.fixture.ts';
import { accuracyOf, createSweepBench, ended, grid } from './sweep-bench.test.fixture.ts';

test('the best of a grid becomes a version, equal to an ordinary run of its recipe', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createSweepBench(blobs);
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
  await using bench = await createSweepBench(blobs);
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
  await using bench = await createSweepBench(blobs);
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
  await using bench = await createSweepBench(blobs, trials);
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
  await using bench = await createSweepBench(blobs, trials, idle);
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
    await using bench = await createSweepBench(blobs, trials);
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
  await using bench = await createSweepBench(blobs);
  await using sweeps = bench.start();
  const spec: SweepSpec = { method: 'grid', parameters: { epochs: { values: [1, 6] } } };
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: spec }));
  assert.deepEqual(
    sweep.trials.map(({ results }) => results.map(({ epochs }) => epochs)),
    [[1], [6]],
  );
});

test('a trial that stops early is done to the end', async () => {
  await using bench = await createSweepBench(createMemoryBlobs());
  const earlyStopping = { patience: 1, minImprovement: 100 };
  await bench.base.registry.putModel('stripes', {
    ...{ dataset: 'stripes', recipe: { ...tinyRecipe, earlyStopping } },
  });
  await using sweeps = bench.start();
  const sweep = await ended(sweeps, await sweeps.start({ model: 'stripes', sweep: grid }));
  const [first] = sweep.trials;
  assert.equal(first?.results[0]?.epochs, 2);
  assert.deepEqual([first?.status, first?.progress], ['done', 1]);
});

test('trials that differ in bits are judged by the rounded network, and the best becomes a version', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createSweepBench(blobs);
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
  await using bench = await createSweepBench(blobs);
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
