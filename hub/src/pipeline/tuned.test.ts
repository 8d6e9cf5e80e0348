import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readManifest } from '@edgewise/models/bundle';
import { readModel, writeModel } from '@edgewise/models/onnx';
import { buildNetwork, initialWeights, isTuneRecipe, readRecipe } from '@edgewise/models/train';
import type { Run } from '@edgewise/protocol/http';
import { storedRecipe } from '../registry/base-models.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { createSqliteSweepRecords } from '../sweeps/adapters/sqlite-sweep-records.ts';
import { localTrials } from '../sweeps/local-trials.test.fixture.ts';
import { createSweeps } from '../sweeps/sweeps.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { localWorker } from './local-worker.test.fixture.ts';
import type { Pipeline } from './pipeline.ts';
import { createPipelineBench, tinyRecipe } from './pipeline-bench.test.fixture.ts';

/** A network of float images [1, 8, 8] for five classes, as if somebody else had made it. */
function foreignModel(): Uint8Array {
  const recipe = readRecipe({
    ...tinyRecipe,
    input: { shape: [1, 8, 8], layout: 'chw', dtype: 'float32', scale: 1 },
    layers: [...tinyRecipe.layers.slice(0, -1), { kind: 'dense', units: 5 }],
  });
  const form = { mode: 'inference', batch: 'N' } as const;
  return writeModel(buildNetwork(recipe, initialWeights(recipe, 9), form));
}

const { layers: _, ...settings } = tinyRecipe;
const tuneRecipe = (model: string) => ({ ...settings, base: { model, classes: 2 } });

async function setUp() {
  const blobs = createMemoryBlobs();
  const base = await blobs.put(foreignModel());
  const bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await bench.registry.putModel('stripes', { dataset: 'stripes', recipe: tuneRecipe(base) });
  return { blobs, base, bench };
}

async function done(pipeline: Pipeline, { id }: Pick<Run, 'id'>): Promise<Run> {
  await eventually(`the end of ${id}`, async () => {
    const { status, error } = await pipeline.get(id);
    assert.equal(error, null);
    return status === 'done';
  });
  return pipeline.get(id);
}

test('a version of an imported model is retrained from its own weights, and still knows its origin', async () => {
  const { blobs, base, bench } = await setUp();
  await using _bench = bench;
  await using pipeline = bench.start();
  await done(pipeline, await pipeline.start({ model: 'stripes' }));
  const first = await bench.registry.version('stripes', 1);
  assert.ok((first.fp32.accuracy ?? 0) > 0.95);
  const run = await done(pipeline, await pipeline.retrain({ model: 'stripes', champion: 1 }));
  const second = await bench.registry.version('stripes', 2);
  assert.deepEqual([first.base, second.base, second.parent], [base, base, 1]);
  assert.ok((second.fp32.accuracy ?? 0) > 0.95);
  // From the first version's weights the first of its few epochs is good already.
  assert.ok((run.metrics.find(({ accuracy }) => accuracy !== undefined)?.accuracy ?? 0) > 0.95);
  const recipe = await storedRecipe(second.recipe, blobs);
  assert.ok(isTuneRecipe(recipe) && recipe.epochs === 3);
});

test('an imported model is trained for few bits, and so is its retraining', async () => {
  const { blobs, base, bench } = await setUp();
  await using _bench = bench;
  const recipe = { ...tuneRecipe(base), quantization: { weightBits: 3, epochs: 2 } };
  await bench.registry.putModel('stripes', { dataset: 'stripes', recipe });
  await using pipeline = bench.start();
  const run = await done(pipeline, await pipeline.start({ model: 'stripes' }));
  const curve = run.metrics.filter(({ accuracy }) => accuracy !== undefined);
  assert.equal(curve.length, recipe.epochs + recipe.quantization.epochs);
  await done(pipeline, await pipeline.retrain({ model: 'stripes', champion: 1 }));
  const versions = await bench.registry.versions('stripes');
  assert.equal(versions.length, 2);
  for (const { variants } of versions) {
    for (const { scheme, accuracy, bundle } of variants) {
      assert.ok((accuracy ?? 0) > 0.9, `${scheme} ${accuracy}`);
      const { blobs: files } = readManifest(await blobs.get(bundle.manifest));
      const file = files.find(({ name }) => name === 'graph.onnx');
      const { graph } = readModel(await blobs.get(file?.sha256 ?? ''));
      for (const { dtype, dims, data } of graph.initializers.values()) {
        if (dtype !== 'int8' || dims.length < 2) continue;
        assert.ok(new Set((data as Int8Array).map(Math.abs)).size <= 4, scheme ?? '');
      }
    }
  }
});

test('a sweep may vary what is frozen', async () => {
  const { blobs, bench } = await setUp();
  await using _bench = bench;
  await using pipeline = bench.start();
  const { db, datasets, clock, onError } = bench.parts;
  await using sweeps = createSweeps({
    ...{ records: createSqliteSweepRecords(db), blobs, blobFolder: '', datasets, pipeline },
    ...{ registry: bench.registry, worker: localTrials(blobs).worker, clock, onError },
    live: { emit: () => undefined },
  });
  const start = (freeze: readonly unknown[]) =>
    sweeps.start({
      model: 'stripes',
      sweep: { method: 'grid', parameters: { base: { values: [...freeze] } } },
    });
  const unknown = { model: 'f'.repeat(64), classes: 2 };
  await assert.rejects(start([unknown]), { code: 'not-found' });
  const own = await storedRecipe((await bench.registry.model('stripes')).recipe, blobs);
  assert.ok(isTuneRecipe(own));
  await assert.rejects(start([{ ...own.base, freeze: ['stem'] }]), /"stem"/);
  const { id } = await start([
    { ...own.base, freeze: ['*'] },
    { ...own.base, freeze: [] },
  ]);
  await eventually('the end', async () => (await sweeps.get(id)).finishedAtMs !== null);
  const { best, run, trials } = await sweeps.get(id);
  assert.equal(best, 2, JSON.stringify(trials));
  await done(pipeline, { id: run ?? '' });
});

test('a prepared run is queued once', async () => {
  const { bench } = await setUp();
  await using _bench = bench;
  await using pipeline = bench.start();
  const { recipe } = await bench.registry.model('stripes');
  const { digest: snapshot } = await bench.parts.datasets.snapshot('stripes');
  const request = { id: 'run-1', model: 'stripes', recipe, snapshot, seed: 3, checkpoint: null };
  await pipeline.startPrepared(request);
  await pipeline.startPrepared(request);
  assert.equal((await pipeline.list({ limit: 9 })).length, 1);
  await done(pipeline, request);
  assert.equal((await pipeline.startPrepared(request)).status, 'done');
});
