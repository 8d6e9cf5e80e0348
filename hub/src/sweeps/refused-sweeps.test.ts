import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SweepSpec } from '@edgewise/protocol/http';
import { tinyRecipe } from '../pipeline/pipeline-bench.test.fixture.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { createSweepBench, grid } from './sweep-bench.test.fixture.ts';

test('a sweep that is refused registers no model, and one that begins does', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createSweepBench(blobs);
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
  await using bench = await createSweepBench(blobs);
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
