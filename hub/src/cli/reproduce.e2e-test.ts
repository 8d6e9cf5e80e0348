import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Run } from '@edgewise/protocol/http';
import { stripes, tinyRecipe } from '../pipeline/pipeline-bench.test.fixture.ts';
import { startRealHub } from '../testing/real-hub.test.fixture.ts';
import { exitCodes } from './io.ts';

test('edgewise reproduce repeats a run of a real hub and finds the same bytes', async () => {
  await using hub = await startRealHub();
  await writeFile(path.join(hub.folder, 'data.npz'), stripes(400, 1));
  await writeFile(path.join(hub.folder, 'recipe.json'), JSON.stringify(tinyRecipe));
  const imported = await hub.run('datasets', 'import', 'stripes', 'data.npz');
  assert.equal(imported.code, exitCodes.done, imported.notes);
  const trained = await hub.run(
    ...['train', 'stripes', '--dataset', 'stripes', '--recipe', 'recipe.json', '--json'],
  );
  assert.equal(trained.code, exitCodes.done, trained.notes);
  const { run } = JSON.parse(trained.out) as { readonly run: string };

  const { out, code } = await hub.run('reproduce', run, '--json');
  const { reproduction, version } = JSON.parse(out) as Run;
  assert.deepEqual([code, reproduction?.equal, version], [exitCodes.done, true, null]);
  const said = await hub.run('reproduce', run);
  assert.match(said.out, /^Equal: all \d+ artifacts of run-\w+ have the same bytes again\./);
  assert.match(said.out, /Not compared: model\.sig of each bundle\. ECDSA/);
  assert.match((await hub.run('runs')).out, new RegExp(`repeats ${run}`));

  const unknown = await hub.run('reproduce', 'run-0');
  assert.equal(unknown.code, exitCodes.failed);
  assert.match(unknown.notes, /\[not-found\] There is no run "run-0"/);
});
