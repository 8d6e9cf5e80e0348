import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { convertTfjs } from './convert.ts';

interface Numbers {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

interface KerasCase {
  readonly document: unknown;
  readonly weights: string;
  readonly input: Numbers;
  readonly output: Numbers;
}

const file = new URL('../../fixtures/convert-tfjs/keras.json', import.meta.url);
const cases: Readonly<Record<string, KerasCase>> = JSON.parse(readFileSync(file, 'utf8'));

/** What tfjs cannot run itself: causal windows, groups, a GRU that resets after its product. */
for (const [name, { document, weights, input, output }] of Object.entries(cases)) {
  test(`a Keras 3 model of ${name} gives what Keras gives`, async () => {
    const model = convertTfjs(document, new Uint8Array(Buffer.from(weights, 'base64')));
    const [declared] = model.graph.inputs;
    const given =
      declared?.dtype === 'int32'
        ? tensor('int32', input.dims, Int32Array.from(input.data))
        : tensor('float32', input.dims, Float32Array.from(input.data));
    await using session = await createOnnxRuntime().load(writeModel(model));
    const [result] = Object.values(await session.run({ [declared?.name ?? '']: given }));
    assert.deepEqual(result?.dims, output.dims);
    for (const [at, value] of Array.from(result.data, Number).entries()) {
      const wrong = Math.abs(value - (output.data[at] ?? Number.NaN));
      assert.ok(wrong <= 1e-5, `${at}: ${value}, Keras ${output.data[at]}`);
    }
  });
}
