import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { ModelVersion, Sweep } from '@edgewise/protocol/http';
import { stripes, tinyRecipe } from '../pipeline/pipeline-bench.test.fixture.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { type RealHub, startRealHub } from '../testing/real-hub.test.fixture.ts';
import { exitCodes } from './io.ts';

const halving = {
  ...{ method: 'halving', trials: 4, eta: 2, epochs: 1, workers: 2 },
  parameters: {
    'optimizer.rate': { low: 1e-6, high: 0.02, scale: 'log' },
    'layers.0.filters': { values: [2, 4] },
  },
};

async function prepared(sweep: object, recipe: object = tinyRecipe): Promise<RealHub> {
  const hub = await startRealHub();
  const write = (name: string, bytes: string | Uint8Array) =>
    writeFile(path.join(hub.folder, name), bytes);
  await write('data.npz', stripes(400, 1));
  await write('test.npz', stripes(100, 2));
  await write('recipe.json', JSON.stringify(recipe));
  await write('sweep.json', JSON.stringify(sweep));
  await hub.run('datasets', 'import', 'stripes', 'data.npz');
  await hub.run('datasets', 'import', 'stripes', 'test.npz', '--part', 'test');
  return hub;
}

const train = (hub: RealHub, ...more: string[]) => trainModel(hub, 'stripes', ...more);

const trainModel = (hub: RealHub, model: string, ...more: string[]) =>
  hub.run(
    ...['train', model, '--dataset', 'stripes', '--recipe', 'recipe.json'],
    ...['--sweep', 'sweep.json', ...more],
  );

test('edgewise train --sweep ranks trials of several processes and makes a version of the best', async () => {
  await using hub = await prepared(halving);
  const { out, notes, code } = await train(hub, '--json');
  assert.equal(code, exitCodes.done, notes + out);
  const version = JSON.parse(out) as ModelVersion;
  const [listed] = JSON.parse((await hub.run('sweeps', '--json')).out) as Sweep[];
  const { id = '', best, run } = listed ?? {};
  assert.equal(run, version.run);
  assert.match(notes, /Sweep sweep-\w+: 4 trials, judged by the validation part\./);
  assert.match(notes, /Trial \d \(optimizer\.rate [\d.e-]+, layers\.0\.filters \d\): accuracy/);
  const shown = await hub.run('sweeps', 'show', id);
  const [head = '', titles = '', first = ''] = shown.out.split('\n');
  assert.match(head, /halving over stripes, done; 4 up to 1 epochs, 2 up to 2 epochs, 1 up to 4/);
  assert.match(titles, /^trial +optimizer\.rate +layers\.0\.filters +accuracy +loss +epochs/);
  assert.match(first, new RegExp(`^ +${best} .*done +best$`));
  assert.match((await hub.run('sweeps')).out, new RegExp(`${id} +stripes +halving +4 +done`));
  assert.equal((await hub.run('reproduce', version.run)).code, exitCodes.done);

  await writeFile(
    path.join(hub.folder, 'sweep.json'),
    JSON.stringify({ ...halving, parameters: { 'optimizer.speed': { values: [1] } } }),
  );
  const refused = await trainModel(hub, 'other');
  assert.equal(refused.code, exitCodes.usage);
  assert.match(refused.notes, /"optimizer\.speed" names nothing in the recipe/);
  assert.doesNotMatch((await hub.run('models')).out, /other/);
});

test('a killed hub repeats no finished trial of a sweep, goes on with the others, and can cancel it', async () => {
  const spec = {
    method: 'grid',
    workers: 1,
    parameters: { 'optimizer.rate': { values: [1e-6, 0.01, 0.001] } },
  };
  await using hub = await prepared(spec, { ...tinyRecipe, epochs: 40 });
  const body = { dataset: 'stripes', recipe: { ...tinyRecipe, epochs: 40 } };
  await hub.client.call('putModel', { params: { model: 'stripes' }, body });
  const start = () =>
    hub.client.call('startSweep', { body: { model: 'stripes', sweep: spec as never } });
  const { id: sweep } = await start();
  const look = () => hub.client.call('getSweep', { params: { sweep } });
  await eventually('a first result', async () => (await look()).trials[0]?.status === 'done');
  const [first] = (await look()).trials;
  await hub.killAndRestart();
  assert.deepEqual((await look()).trials[0], first);
  await eventually('the end', async () => (await look()).status === 'done');
  const { trials, best } = await look();
  assert.deepEqual(
    trials.map(({ results }) => results.length),
    [1, 1, 1],
  );
  assert.ok(best !== 1);

  const other = await start();
  const said = await hub.run('sweeps', 'cancel', other.id);
  assert.match(said.out, /is (being stopped|canceled)\./);
  const status = async () =>
    (await hub.client.call('getSweep', { params: { sweep: other.id } })).status;
  await eventually('the cancellation', async () => (await status()) === 'canceled');
});
