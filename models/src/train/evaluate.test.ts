import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder } from '../onnx/builder.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { evaluate } from './evaluate.ts';
import { modelNames } from './network.ts';

/** A model whose logits are its inputs. */
function mirror() {
  const graph = createGraphBuilder({ name: 'mirror' });
  graph.input(modelNames.input, 'float32', ['N', 2]);
  graph.op('Identity', [modelNames.input], { output: modelNames.logits });
  graph.output(modelNames.logits, 'float32', ['N', 2]);
  return graph.build();
}

const runtime = createOnnxRuntime();

test('every sample counts once, also those of a short last run', async () => {
  const count = 613;
  const scores = Float32Array.from({ length: 2 * count }, (_, at) => (at % 2 === 0 ? 1 : 3));
  const data = {
    inputs: tensor('float32', [count, 2], scores),
    labels: Int32Array.from({ length: count }, (_, sample) => (sample < 100 ? 0 : 1)),
  };
  const { accuracy, loss } = await evaluate(mirror(), data, { runtime });
  assert.equal(accuracy, 513 / 613);
  // -log(softmax([1, 3])) is log(1 + e^2) for class 0 and log(1 + e^-2) for class 1.
  const expected = (100 * Math.log1p(Math.E ** 2) + 513 * Math.log1p(Math.E ** -2)) / count;
  assert.ok(Math.abs(loss - expected) < 1e-6);
});

test('no data is no evaluation', async () => {
  const none = {
    inputs: tensor('float32', [0, 2], new Float32Array()),
    labels: new Int32Array(),
  };
  await assert.rejects(
    evaluate(mirror(), none, { runtime }),
    (error) => error instanceof FleetError && error.code === 'insufficient-data',
  );
});

test('a model whose outputs are no numbers has diverged, and is no good or bad model', async () => {
  for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const data = {
      inputs: tensor('float32', [2, 2], Float32Array.of(1, 3, broken, 3)),
      labels: Int32Array.of(1, 1),
    };
    await assert.rejects(
      evaluate(mirror(), data, { runtime }),
      /\[invalid-argument\] The loss of the model is NaN .*training diverged/,
    );
  }
});
