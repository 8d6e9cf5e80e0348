import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeGolden, readManifest } from '@edgewise/models/bundle';
import { generateKey } from '@edgewise/models/crypto';
import { readModel } from '@edgewise/models/onnx';
import { FleetError } from '@edgewise/protocol';
import { pipelineSteps } from '@edgewise/protocol/http';
import { storedRecipe } from '../registry/base-models.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { localWorker } from './local-worker.test.fixture.ts';
import { createPipelineBench, tinyRecipe } from './pipeline-bench.test.fixture.ts';
import { lastCheckpoint } from './train-recipe.ts';
import type { Worker } from './worker.ts';

test('a run makes a version with a bundle for each device class', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await bench.registry.putModel('stripes', {
    ...{ dataset: 'stripes', recipe: tinyRecipe, policies: { buildFor: ['web-wasm'] } },
  });
  await using pipeline = bench.start();
  const { id } = await pipeline.start({ model: 'stripes' });
  await eventually('the end', async () => (await pipeline.get(id)).status !== 'queued');
  await eventually('the end', async () => (await pipeline.get(id)).status !== 'running');
  const run = await pipeline.get(id);
  assert.deepEqual([run.status, run.version, run.error], ['done', 1, null]);
  assert.equal(run.trainer?.library, 'onnxruntime');
  assert.ok(run.metrics.length > 0);
  const version = await bench.registry.version('stripes', 1);
  assert.equal(version.gate.verdict, 'first');
  assert.ok((version.fp32.accuracy ?? 0) > 0.95);
  assert.deepEqual(
    version.variants.map(({ deviceClass, scheme }) => [deviceClass, scheme]),
    [
      ['arm64', 's8s8'],
      ['web-wasm', 'weight-only'],
      ['x64', 'u8s8-reduced'],
      ['x64-vnni', 'u8s8'],
    ],
  );
  for (const { reason, accuracy, bundle } of version.variants) {
    assert.ok((accuracy ?? 0) > 0.9 && reason);
    const { blobs: files, parity } = readManifest(await blobs.get(bundle.manifest));
    const golden = files.find(({ name }) => name === 'golden.bin');
    assert.ok(decodeGolden(await blobs.get(golden?.sha256 ?? '')).vectors >= 12);
    assert.ok(parity.tolerance > 0);
  }
});

test('a recipe that trains on for few bits makes variants of three-bit weights', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  const quantization = { weightBits: 3, epochs: 4 };
  await bench.registry.putModel('stripes', {
    ...{ dataset: 'stripes', recipe: { ...tinyRecipe, quantization } },
    policies: { buildFor: ['web-wasm'] },
  });
  await using pipeline = bench.start();
  const { id } = await pipeline.start({ model: 'stripes' });
  await eventually('the end', async () => (await pipeline.get(id)).status === 'done');
  const { metrics } = await pipeline.get(id);
  const curve = metrics.filter(({ accuracy }) => accuracy !== undefined);
  assert.deepEqual(
    curve.map(({ epoch }) => epoch),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const version = await bench.registry.version('stripes', 1);
  assert.equal(version.gate.verdict, 'first');
  for (const { scheme, accuracy, bundle } of version.variants) {
    assert.ok((accuracy ?? 0) > 0.9, `${scheme} ${accuracy}`);
    const { blobs: files } = readManifest(await blobs.get(bundle.manifest));
    const file = files.find(({ name }) => name === 'graph.onnx');
    const { graph } = readModel(await blobs.get(file?.sha256 ?? ''));
    const weights = [...graph.initializers.values()].filter(
      ({ dtype, dims }) => dtype === 'int8' && dims.length > 1,
    );
    assert.ok(weights.length > 0);
    for (const { data } of weights) {
      assert.ok(new Set((data as Int8Array).map(Math.abs)).size <= 4, scheme ?? '');
    }
  }
});

test('a hub that was closed goes on at the step, and comes to the same graph', async () => {
  const blobs = createMemoryBlobs();
  const whole = localWorker(blobs);
  await using undisturbed = await createPipelineBench({ ...whole, blobs });
  await using one = undisturbed.start();
  const first = await one.start({ model: 'stripes' });
  await eventually('a version', async () => (await one.get(first.id)).status === 'done');

  const { promise: isEvaluated, resolve: evaluated } = Promise.withResolvers<void>();
  const cut = localWorker(blobs, (step, signal) => {
    if (step !== 'evaluate') return Promise.resolve();
    evaluated();
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason)),
    );
  });
  await using bench = await createPipelineBench({ ...cut, blobs });
  const before = bench.start();
  const { id } = await before.start({ model: 'stripes' });
  await isEvaluated;
  await before[Symbol.asyncDispose]();
  await using after = bench.start();
  await eventually('the end', async () => (await after.get(id)).status === 'done');
  assert.deepEqual(cut.started, pipelineSteps);
  const graphOf = async (registry: typeof bench.registry) =>
    (await registry.version('stripes', 1)).fp32.digest;
  assert.equal(await graphOf(bench.registry), await graphOf(undisturbed.registry));
});

test('a worker that is lost is replaced twice, then the run has failed', async () => {
  const blobs = createMemoryBlobs();
  let lost = 0;
  const worker: Worker = {
    run: () => {
      lost++;
      return Promise.resolve({ ok: false, code: 'unavailable', detail: 'It was killed.' });
    },
  };
  await using bench = await createPipelineBench({ worker, blobs });
  await using pipeline = bench.start();
  const { id } = await pipeline.start({ model: 'stripes' });
  await eventually('the end', async () => (await pipeline.get(id)).status === 'failed');
  assert.equal(lost, 3);
  assert.equal((await pipeline.get(id)).error?.detail, 'It was killed.');
});

test('a running and a queued run can be stopped', async () => {
  const blobs = createMemoryBlobs();
  const worker: Worker = {
    run: (_order, _listener, signal) =>
      new Promise((resolve) => {
        const outcome = { ok: false, code: 'canceled', detail: 'Stopped.' } as const;
        signal.addEventListener('abort', () => resolve(outcome));
      }),
  };
  await using bench = await createPipelineBench({ worker, blobs });
  await using pipeline = bench.start();
  const running = await pipeline.start({ model: 'stripes' });
  const queued = await pipeline.start({ model: 'stripes', seed: 2 });
  await eventually('work', async () => (await pipeline.get(running.id)).status === 'running');
  assert.equal((await pipeline.cancel(queued.id)).status, 'canceled');
  await pipeline.cancel(running.id);
  await eventually('the end', async () => (await pipeline.get(running.id)).status === 'canceled');
});

test('a run that a hub was asked to stop before it was killed does not go on', async () => {
  const blobs = createMemoryBlobs();
  const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
  // A worker that does not hear, as one within a long operator.
  const deaf = localWorker(blobs, () => {
    held();
    return new Promise(() => undefined);
  });
  await using bench = await createPipelineBench({ ...deaf, blobs });
  const killed = bench.start();
  const { id } = await killed.start({ model: 'stripes' });
  await isHeld;
  await killed.cancel(id);
  await using next = bench.start();
  await eventually('the end', async () => (await next.get(id)).finishedAtMs !== null);
  const { status, error } = await next.get(id);
  assert.deepEqual([status, error, deaf.started], ['canceled', null, ['prepare']]);
});

test('a checkpoint that is gone or damaged costs time only', async () => {
  const blobs = createMemoryBlobs();
  const left = async (checkpoint: string) => lastCheckpoint({ blobs, checkpoint });
  assert.equal(await left(await blobs.put(Uint8Array.of(1, 2, 3))), undefined);
  assert.equal(await left('f'.repeat(64)), undefined);
  const damaged = {
    ...blobs,
    get: () => Promise.reject(new FleetError('digest-mismatch', 'The blob is damaged on disk.')),
  };
  const checkpoint = 'f'.repeat(64);
  assert.equal(await lastCheckpoint({ blobs: damaged, checkpoint }), undefined);
  const full = { ...blobs, get: () => Promise.reject(new FleetError('disk-full', 'No space.')) };
  await assert.rejects(lastCheckpoint({ blobs: full, checkpoint }), { code: 'disk-full' });
});

test('a version whose network is no longer that of the recipe is retrained as it was made', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await using pipeline = bench.start();
  const first = await pipeline.start({ model: 'stripes' });
  await eventually('a version', async () => (await pipeline.get(first.id)).status === 'done');
  const recipeOf = async () => {
    const { id, recipe } = await pipeline.retrain({ model: 'stripes', champion: 1 });
    await eventually('the end', async () => (await pipeline.get(id)).finishedAtMs !== null);
    assert.equal((await pipeline.get(id)).error, null);
    return storedRecipe(recipe, blobs);
  };
  const put = (change: object) =>
    bench.registry.putModel('stripes', {
      dataset: 'stripes',
      recipe: { ...tinyRecipe, ...change },
    });
  const layers = tinyRecipe.layers.with(0, { kind: 'conv', filters: 6, kernel: 3 });
  await put({ layers });
  const kept = await recipeOf();
  assert.ok('layers' in kept);
  assert.deepEqual(kept.layers, tinyRecipe.layers);
  await put({ optimizer: { kind: 'adam', rate: 0.004 } });
  assert.equal((await recipeOf()).optimizer.rate, 0.002);
});

test('the key signs bundles and nothing else', async () => {
  const blobs = createMemoryBlobs();
  const refusals: unknown[] = [];
  const worker: Worker = {
    async run(_order, listener) {
      const target = new TextEncoder().encode(
        'DSSEv1 39 application/vnd.edgewise.target.v1+json 2 {}',
      );
      await Promise.resolve()
        .then(() => listener.sign(target))
        .catch((thrown) => refusals.push(thrown));
      return { ok: false, code: 'internal', detail: 'Enough.' };
    },
  };
  await using bench = await createPipelineBench({
    ...{ worker, blobs, privateKeyPem: generateKey().privateKeyPem },
  });
  await using pipeline = bench.start();
  const { id } = await pipeline.start({ model: 'stripes' });
  await eventually('the end', async () => (await pipeline.get(id)).status === 'failed');
  assert.equal(FleetError.from(refusals[0]).code, 'forbidden');
});

test('an unknown model or run is a clear refusal', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await using pipeline = bench.start();
  await assert.rejects(pipeline.start({ model: 'ghost' }), { code: 'not-found' });
  await assert.rejects(pipeline.get('ghost'), { code: 'not-found' });
});

test('a recipe that its trainer cannot follow is refused before it is queued', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  const [conv, ...rest] = tinyRecipe.layers;
  const recipe = { ...tinyRecipe, trainer: 'tfjs', layers: [{ ...conv, dilation: 2 }, ...rest] };
  await bench.registry.putModel('stripes', { dataset: 'stripes', recipe });
  await using pipeline = bench.start();
  await assert.rejects(pipeline.start({ model: 'stripes' }), { code: 'unsupported' });
  assert.deepEqual(await pipeline.list({ limit: 9 }), []);
});

test('a run that is refused registers no model, and one that begins does', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await using pipeline = bench.start();
  const start = (recipe: object, dataset = 'stripes') =>
    pipeline.start({ model: 'lines', register: { dataset, recipe } });
  const [conv, ...rest] = tinyRecipe.layers;
  const layers = [{ ...conv, dilation: 2 }, ...rest];
  await assert.rejects(start({ ...tinyRecipe, trainer: 'tfjs', layers }), { code: 'unsupported' });
  await assert.rejects(start({ ...tinyRecipe, batchSize: 600 }), { code: 'insufficient-data' });
  await assert.rejects(start(tinyRecipe, 'nothing'), { code: 'not-found' });
  assert.deepEqual(
    (await bench.registry.models()).map(({ id }) => id),
    ['stripes'],
  );
  const run = await start({ ...tinyRecipe, seed: 5 });
  assert.deepEqual([run.seed, (await bench.registry.model('lines')).recipe], [5, run.recipe]);
  await pipeline.cancel(run.id);
});
