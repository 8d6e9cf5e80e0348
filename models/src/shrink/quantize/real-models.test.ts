import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readModel } from '../../onnx/read.ts';
import { quantize } from './quantize.ts';
import { describeGraph, type Fixture, optionsOf, rangesOf } from './testing/python-tool.ts';
import { realModels } from './testing/real-models.ts';

const packed = readFileSync(new URL('../../../fixtures/quantize/real.json.gz', import.meta.url));
const fixtures = JSON.parse(gunzipSync(packed).toString()) as Readonly<Record<string, Fixture>>;
const packages = new URL('../../../../node_modules/', import.meta.url);

for (const { name, file, ready } of realModels) {
  const fixture = fixtures[name] ?? { ranges: {}, quantized: {} };
  const model = ready(readModel(readFileSync(new URL(file, packages))));
  for (const [label, expected] of Object.entries(fixture.quantized)) {
    test(`${name} in ${label} is what quantize_static gives, number for number`, () => {
      const quantized = quantize(model, rangesOf(fixture, label), optionsOf(label));
      assert.deepEqual(describeGraph(quantized.model.graph, digestOf), expected);
    });
  }
}

function digestOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return createHash('sha256')
    .update(Buffer.from(buffer, byteOffset, byteLength))
    .digest('hex');
}
