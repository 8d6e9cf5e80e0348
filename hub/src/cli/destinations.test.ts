import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { encodeNpz } from '@edgewise/models/data';
import { writeModel } from '@edgewise/models/onnx';
import { exitCodes } from './io.ts';
import { runCommand } from './testing/run-command.ts';
import { dense, samples } from './testing/small-models.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-destinations-'));
  await writeFile(path.join(folder, 'm.onnx'), writeModel(dense()));
  await writeFile(path.join(folder, 'x.npz'), encodeNpz(new Map([['x', samples(8, 8)]])));
  await mkdir(path.join(folder, 'place'));
});
after(() => rm(folder, { recursive: true }));

const data = ['--calibration', 'x.npz'];
const [notFound, misuse] = [exitCodes.failed, exitCodes.usage];
const refused: readonly (readonly [words: readonly string[], reason: RegExp, code: number])[] = [
  [['quantize', 'm.onnx', ...data, '--out', 'no/o.onnx'], /its folder does not exist/, notFound],
  [['quantize', 'm.onnx', ...data, '--out', 'place'], /place .*: it is a folder/, misuse],
  [['quantize', 'm.onnx', ...data, '--out', 'm.onnx'], /m\.onnx is read; write to another/, misuse],
  [['quantize', 'm.onnx', ...data, '--out', './x.npz'], /x\.npz is read/, misuse],
  [
    ['quantize', 'm.onnx', ...data, '--out', 'o.onnx', '--report', 'o.onnx'],
    /o\.onnx cannot hold two results/,
    misuse,
  ],
  [
    ['quantize', 'm.onnx', ...data, '--out', 'o.onnx', '--report', 'no/page.html'],
    /page\.html .*: its folder does not exist/,
    notFound,
  ],
  [
    ['quantize', 'm.onnx', ...data, '--out', 'no/o.onnx', '--for', 'x64'],
    /o\.x64\.onnx .*: its folder does not exist/,
    notFound,
  ],
  [['inspect', 'm.onnx', '--report', 'place'], /it is a folder/, misuse],
  [['inspect', 'm.onnx', '--report', 'm.onnx'], /m\.onnx is read/, misuse],
  [['compare', 'm.onnx', 'm.onnx', '--data', 'x.npz', '--report', 'no/c.html'], /folder/, notFound],
  [['convert', 'm.json', '--out', 'm.json'], /m\.json is read/, misuse],
  [['inspect', 'place'], /place cannot be read: it is a folder/, misuse],
  [['compare', 'm.onnx', 'place', '--data', 'x.npz'], /it is a folder/, misuse],
];

for (const [words, reason, code] of refused) {
  test(`${words.join(' ')} is refused before any work`, async () => {
    const said = await runCommand(folder, ...words);
    assert.match(said.notes, reason);
    assert.doesNotMatch(said.notes, /internal| {4}at /);
    assert.equal(said.code, code);
    assert.deepEqual(await readdir(folder), ['m.onnx', 'place', 'x.npz']);
  });
}
