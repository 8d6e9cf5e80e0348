import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readModel } from '../../onnx/read.ts';
import { quantize } from './quantize.ts';
import { describeGraph, type Fixture, optionsOf, rangesOf } from './testing/python-tool.ts';

const nets = [
  'cnn',
  'mobilenet',
  'mixed',
  'upsample',
  'transformer',
  'recurrent',
  'branches',
  'registry',
  'embedding',
];

for (const name of nets) {
  const folder = new URL('../../../fixtures/quantize/', import.meta.url);
  const packed = readFileSync(new URL(`${name}.json.gz`, folder));
  const fixture = JSON.parse(gunzipSync(packed).toString()) as Fixture;
  const model = readModel(readFileSync(new URL(`${name}.onnx`, folder)));
  for (const [label, expected] of Object.entries(fixture.quantized)) {
    test(`${name} in ${label} is what quantize_static gives, number for number`, () => {
      const quantized = quantize(model, rangesOf(fixture, label), optionsOf(label));
      assert.deepEqual(describeGraph(quantized.model.graph), expected);
    });
  }
}
