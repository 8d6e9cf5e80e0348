import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { encodeNpy } from '@edgewise/models/data';
import { tensor } from '@edgewise/models/tensor';
import sharp from 'sharp';
import { readSamples } from './read-files.ts';
import { decodeSamples } from './samples.ts';

async function folderOf(t: TestContext, files: Readonly<Record<string, Uint8Array | string>>) {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-data-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  return folder;
}

const images = Uint8Array.of(
  0,
  0,
  8,
  3,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
  2,
  1,
  2,
  3,
  4,
  5,
  6,
  7,
  8,
);
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 0);

test('an IDX pair becomes images with one channel', async (t) => {
  const folder = await folderOf(t, {
    'a-images-idx3-ubyte': images,
    'a-labels-idx1-ubyte': labels,
  });
  const file = path.join(folder, 'a-images-idx3-ubyte');
  const { npz, count } = await readSamples(file, {
    labels: path.join(folder, 'a-labels-idx1-ubyte'),
  });
  const samples = decodeSamples(npz);
  assert.equal(count, 2);
  assert.deepEqual(samples.inputs.dims, [2, 2, 2, 1]);
  assert.deepEqual([...samples.labels], [1, 0]);
});

test('a CSV gives its numbers and the names of its classes', async (t) => {
  const csv = 'flow,state,heat\n1.5,good,20\n2,bad,21\n';
  const folder = await folderOf(t, { 'pumps.csv': csv });
  const read = await readSamples(path.join(folder, 'pumps.csv'), { labelColumn: 'state' });
  const samples = decodeSamples(read.npz);
  assert.deepEqual(read.classes, ['bad', 'good']);
  assert.deepEqual([...samples.labels], [1, 0]);
  assert.deepEqual([...samples.inputs.data], [1.5, 20, 2, 21]);
});

test('a folder of images by class gives pixels and the names of the folders', async (t) => {
  const dot = (level: number) =>
    sharp(Buffer.of(level, level, level, level), { raw: { width: 2, height: 2, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
  const folder = await folderOf(t, { 'ok/1.png': await dot(9), 'torn/1.png': await dot(200) });
  const read = await readSamples(folder);
  const samples = decodeSamples(read.npz);
  assert.deepEqual(read.classes, ['ok', 'torn']);
  assert.deepEqual(samples.inputs.dims, [2, 2, 2, 1]);
  assert.deepEqual([samples.inputs.data[0], samples.inputs.data[4]], [9, 200]);
});

test('what cannot be read names the file, the fault and what to do', async (t) => {
  const folder = await folderOf(t, {
    'a-images-idx3-ubyte': images,
    'short.npy': encodeNpy(tensor('uint8', [1], new Uint8Array(1))),
    'pumps.csv': 'flow,state\nx1,good\n',
    'notes.txt': 'hello',
    'one/only/1.png': 'no picture',
  });
  const faults = [
    ['ghost.csv', {}, /ghost\.csv: There is no such file/],
    ['notes.txt', {}, /notes\.txt: This kind of file is not known; give IDX/],
    ['a-images-idx3-ubyte', {}, /holds no labels; name their file with --labels/],
    ['a-images-idx3-ubyte', { labels: path.join(folder, 'short.npy') }, /holds 2 samples, but/],
    ['pumps.csv', {}, /--label/],
    ['pumps.csv', { labelColumn: 'mood' }, /no column "mood"/],
    ['pumps.csv', { labelColumn: 'state' }, /[Ll]ine 2/],
    ['one', {}, /at least two classes/],
  ] as const;
  for (const [name, options, message] of faults) {
    await assert.rejects(readSamples(path.join(folder, name), options), message);
  }
});
