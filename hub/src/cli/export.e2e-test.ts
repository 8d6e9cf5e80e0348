import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readModel } from '@edgewise/models/onnx';
import { stripes, tinyRecipe } from '../pipeline/pipeline-bench.test.fixture.ts';
import { startRealHub } from '../testing/real-hub.test.fixture.ts';
import { exitCodes } from './io.ts';

test('edgewise export writes the float graph of a version and the int8 graph of a device class', async () => {
  await using hub = await startRealHub();
  await writeFile(path.join(hub.folder, 'data.npz'), stripes(400, 1));
  await writeFile(path.join(hub.folder, 'recipe.json'), JSON.stringify(tinyRecipe));
  await hub.run('datasets', 'import', 'stripes', 'data.npz');
  const trained = await hub.run(
    'train',
    'stripes',
    '--dataset',
    'stripes',
    '--recipe',
    'recipe.json',
  );
  assert.equal(trained.code, exitCodes.done, trained.notes);

  const float = await hub.run('export', 'stripes', '1', '--out', 'float.onnx', '--json');
  const bytes = await readFile(path.join(hub.folder, 'float.onnx'));
  assert.equal((JSON.parse(float.out) as { readonly bytes: number }).bytes, bytes.length);
  const ops = (graph: Uint8Array) => readModel(graph).graph.nodes.map(({ op }) => op);
  assert.ok(!ops(bytes).includes('QuantizeLinear'));
  const small = await hub.run('export', 'stripes', '1', '--for', 'x64', '--out', 'x64.onnx');
  assert.match(small.out, /^x64\.onnx: .* SHA-256 [0-9a-f]{64}$/);
  assert.ok(ops(await readFile(path.join(hub.folder, 'x64.onnx'))).includes('QuantizeLinear'));

  const none = await hub.run('export', 'stripes', '1', '--for', 'arm64', '--out', 'arm64.onnx');
  assert.match(none.notes, /not built for "arm64"; it is for x64, x64-vnni/);
  const late = await hub.run('export', 'stripes', '1', '--out', 'no/float.onnx');
  assert.match(late.notes, /folder does not exist/);
});
