import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { encodeNpz } from '@edgewise/models/data';
import { createRandom } from '@edgewise/models/random';
import { tensor } from '@edgewise/models/tensor';
import { exitCodes } from './io.ts';
import { runCommand } from './testing/run-command.ts';

const network = path.join(import.meta.dirname, '../../fixtures/like-onnxruntime/cnn.onnx');

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-report-'));
  await cp(network, path.join(folder, 'cnn.onnx'));
  const { normal } = createRandom(3);
  const x = tensor('float32', [32, 1, 12, 12], Float32Array.from({ length: 32 * 144 }, normal));
  const y = tensor('int64', [32], new BigInt64Array(32).fill(4n));
  await writeFile(path.join(folder, 'x.npz'), encodeNpz(new Map([['x', x]])));
  await writeFile(path.join(folder, 'xy.npz'), encodeNpz(new Map(Object.entries({ x, y }))));
});
after(() => rm(folder, { recursive: true }));

async function pageOf(...words: readonly string[]): Promise<string> {
  const { code, notes } = await runCommand(folder, ...words, '--report', 'page.html');
  assert.equal(code, exitCodes.done, notes);
  return readFile(path.join(folder, 'page.html'), 'utf8');
}

const sections = (page: string): readonly string[] =>
  [...page.matchAll(/<h2>([^<]*)</g)].map(([, title = '']) => title);

test('the page of quantize shows score, layers, activations and saturation', async () => {
  const page = await pageOf('quantize', 'cnn.onnx', '--calibration', 'x.npz', '--out', 'o.onnx');
  assert.deepEqual(sections(page), [
    ...['Agreement against size', 'Side by side', 'Layers', 'Activations', 'Nodes in float'],
    'Saturation',
  ]);
  assert.equal(page.match(/<figure>/g)?.length, 8);
  assert.doesNotMatch(page, /NaN|Infinity|undefined|<script|https?:/);
});

test('with labels the page shows accuracy', async () => {
  const words = ['quantize', 'cnn.onnx', '--calibration', 'xy.npz', '--out', 'o.onnx'];
  const page = await pageOf(...words, '--calibrate', 'auto');
  assert.deepEqual(sections(page).slice(0, 3), [
    ...['Accuracy against size', 'Side by side', 'Ways that were tried'],
  ]);
});

test('a range that cuts numbers off says how many', async () => {
  const words = ['quantize', 'cnn.onnx', '--calibration', 'x.npz', '--out', 'o.onnx'];
  const page = await pageOf(...words, '--calibrate', 'percentile', '--percentile', '90');
  assert.match(page, /[\d.]+ % clipped below, [\d.]+ % clipped above/);
});

test('the page of builds for device classes draws them with the float model', async () => {
  const words = ['quantize', 'cnn.onnx', '--calibration', 'xy.npz', '--out', 'o.onnx'];
  const page = await pageOf(...words, '--for', 'x64,web-wasm');
  assert.equal(page.match(/class="dot /g)?.length, 3);
  assert.match(page, /float32.*web-wasm.*x64/s);
});

test('the page of inspect shows the activations of the float model on the grids of the file', async () => {
  await runCommand(
    folder,
    ...['quantize', 'cnn.onnx', '--calibration', 'x.npz', '--out', 'o.onnx'],
  );
  const page = await pageOf('inspect', 'o.onnx', '--float', 'cnn.onnx', '--data', 'x.npz');
  assert.deepEqual(sections(page), ['Layers', 'Activations', 'Cost']);
});
