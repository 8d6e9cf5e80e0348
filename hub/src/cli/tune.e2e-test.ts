import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { readManifest } from '@edgewise/models/bundle';
import { encodeNpz } from '@edgewise/models/data';
import { createRandom } from '@edgewise/models/random';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import type { ModelVersion } from '@edgewise/protocol/http';
import { startRealHub } from '../testing/real-hub.test.fixture.ts';
import { exitCodes } from './io.ts';

/** What PyTorch exported: four classes of float images [1, 12, 12]. */
const torchNet = path.join(import.meta.dirname, '../../../models/fixtures/onnx/torch-cnn-17.onnx');

const recipe = {
  ...{ name: 'stripes', task: 'classification', loss: 'softmax-cross-entropy' },
  base: { classes: 3, freeze: [] as string[] },
  input: { shape: [12, 12, 1], dtype: 'uint8', scale: 1 / 127.5, offset: -1 },
  ...{ optimizer: { kind: 'adam', rate: 0.01 }, schedule: { kind: 'cosine' } },
  ...{ epochs: 4, batchSize: 20, seed: 2 },
};

/** Three kinds of stripes in noise, as raw bytes. */
function stripes(count: number): Uint8Array {
  const random = createRandom(1);
  const labels = Int32Array.from({ length: count }, () => random.below(3));
  const data = Uint8Array.from({ length: count * 144 }, (_, at) => {
    const [row, column] = [Math.floor((at % 144) / 12), at % 12];
    const label = labels[Math.floor(at / 144)];
    const along = label === 0 ? row : label === 1 ? column : row + column;
    return (along % 4 < 2 ? 170 : 20) + random.below(60);
  });
  return encodeNpz(
    new Map<string, Tensor>([
      ['x', tensor('uint8', [count, 12, 12, 1], data)],
      ['y', tensor('int32', [count], labels)],
    ]),
  );
}

test('edgewise train --from MODEL@VERSION trains a version of another model further', async () => {
  await using hub = await startRealHub();
  const write = (name: string, bytes: string | Uint8Array) =>
    writeFile(path.join(hub.folder, name), bytes);
  await write('data.npz', stripes(400));
  const { base: _, ...settings } = recipe;
  const layers = [{ kind: 'conv', filters: 4, kernel: 3 }, { kind: 'relu' }, { kind: 'flatten' }];
  const own = { ...settings, layers: [...layers, { kind: 'dense', units: 3 }] };
  await write('own.json', JSON.stringify(own));
  const { input: __, ...tuned } = recipe;
  await write('tune.json', JSON.stringify({ ...tuned, base: { classes: 3, freeze: ['*'] } }));
  await hub.run('datasets', 'import', 'stripes', 'data.npz');
  const train = async (...argv: string[]) => {
    const { out, notes } = await hub.run('train', ...argv, '--dataset', 'stripes', '--json');
    return { version: JSON.parse(out) as ModelVersion, notes };
  };
  const { version: first } = await train('lines', '--recipe', 'own.json');
  const again = await hub.run('train', 'lines', '--json');
  assert.deepEqual((JSON.parse(again.out) as ModelVersion).fp32, first.fp32);
  const stranger = await hub.run('train', 'strangers');
  assert.match(stranger.notes, /There is no model "strangers".*train strangers --dataset NAME/);
  const { version } = await train('more', '--recipe', 'tune.json', '--from', 'lines@1');
  assert.equal(version.base, first.fp32.digest);
  assert.ok((version.fp32.accuracy ?? 0) > 0.9);
  const unknown = await hub.run(
    'train',
    'more',
    '--recipe',
    'tune.json',
    '--dataset',
    'stripes',
    '--from',
    'lines@9',
  );
  assert.match(unknown.notes, /Model "lines" has no version 9/);
});

test('edgewise train --from makes signed int8 bundles of a PyTorch model with a new head', async () => {
  await using hub = await startRealHub();
  const write = (name: string, bytes: string | Uint8Array) =>
    writeFile(path.join(hub.folder, name), bytes);
  await write('data.npz', stripes(600));
  await write('tune.json', JSON.stringify(recipe));
  await copyFile(torchNet, path.join(hub.folder, 'net.onnx'));
  await hub.run('datasets', 'import', 'stripes', 'data.npz');
  const train = (...more: string[]) =>
    hub.run('train', 'stripes', '--dataset', 'stripes', '--recipe', 'tune.json', ...more);

  const trained = await train('--from', 'net.onnx', '--json');
  assert.equal(trained.code, exitCodes.done, trained.notes + trained.out);
  const version = JSON.parse(trained.out) as ModelVersion;
  assert.ok((version.fp32.accuracy ?? 0) > 0.95);
  assert.equal(version.gate.verdict, 'first');
  const { base = '' } = version;
  assert.match(trained.notes, new RegExp(`net\\.onnx is at the hub, .*: ${base}`));
  const blob = async (digest: string) => hub.client.call('getBlob', { params: { digest } });
  assert.ok((await blob(base)).length > 1000);
  const recorded = JSON.parse(new TextDecoder().decode(await blob(version.recipe)));
  assert.equal(recorded.base.model, base);
  for (const { bundle, accuracy } of version.variants) {
    assert.equal(readManifest(await blob(bundle.manifest)).lineage.recipe, version.recipe);
    assert.ok((accuracy ?? 0) > 0.9);
  }
  assert.equal((await hub.run('reproduce', version.run)).code, exitCodes.done);

  await write('tune.json', JSON.stringify({ ...recipe, base: { classes: 3, model: 'net.onnx' } }));
  const again = await train('--json');
  assert.equal((JSON.parse(again.out) as ModelVersion).fp32.digest, version.fp32.digest);
  await write('tune.json', JSON.stringify({ ...recipe, base: { classes: 3, freeze: ['stem*'] } }));
  const faulty = await train('--from', 'net.onnx');
  assert.match(faulty.notes, /No weight or node of the model is called "stem\*"/);
  assert.doesNotMatch(faulty.notes, /is at the hub/);
  await write('tune.json', JSON.stringify({ ...recipe, base: { classes: 4 } }));
  assert.match((await train('--from', 'net.onnx')).notes, /change the "classes" of its "base"/);
  assert.match((await train('--from', 'data.npz')).notes, /data\.npz: /);
  await write('tune.json', JSON.stringify({ ...recipe, base: undefined }));
  assert.match((await train('--from', 'net.onnx')).notes, /no layers but a "base"/);
});
