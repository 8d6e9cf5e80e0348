import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import fc from 'fast-check';
import { dimsOf, inferShapes } from '../onnx/shapes/infer.ts';
import { writeModel } from '../onnx/write.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';
import { buildNetwork, initialWeights, layerSizes, modelNames } from './network.ts';
import { readRecipe } from './read-recipe.ts';
import type { Recipe } from './recipe.ts';
import { train } from './train.ts';

const base = {
  name: 'any',
  task: 'classification',
  loss: 'softmax-cross-entropy',
  optimizer: { kind: 'adam', rate: 0.001 },
  schedule: { kind: 'constant' },
  epochs: 1,
  batchSize: 3,
  seed: 1,
};

const window = {
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.constantFrom('same', 'valid'),
  bias: fc.boolean(),
};
const pool = { size: fc.integer({ min: 1, max: 3 }), stride: fc.integer({ min: 1, max: 3 }) };
const layer = fc.oneof(
  fc.record({
    kind: fc.constant('conv'),
    filters: fc.constantFrom(2, 4),
    groups: fc.constantFrom(1, 2),
    dilation: fc.constantFrom(1, 2),
    ...window,
  }),
  fc.record({ kind: fc.constant('depthwise'), ...window }),
  fc.record({ kind: fc.constantFrom('maxpool', 'avgpool'), ...pool }),
  fc.record({ kind: fc.constant('separable'), filters: fc.constantFrom(2, 4), ...window }),
  fc.record({
    kind: fc.constant('residual'),
    layers: fc.constantFrom(
      [{ kind: 'depthwise', kernel: 3 }, { kind: 'hardswish' }],
      [
        { kind: 'leakyrelu', slope: 0.1 },
        { kind: 'dropout', ratio: 0.1 },
      ],
    ),
  }),
  fc.record({ kind: fc.constantFrom('relu', 'relu6', 'batchnorm', 'tanh') }),
  fc.record({ kind: fc.constant('dropout'), ratio: fc.constantFrom(0, 0.5) }),
);
const recipe = fc
  .record({
    size: fc.tuple(fc.integer({ min: 5, max: 9 }), fc.integer({ min: 5, max: 9 })),
    channels: fc.constantFrom(1, 2),
    layout: fc.constantFrom('hwc', 'chw'),
    layers: fc.array(layer, { maxLength: 5 }),
    end: fc.constantFrom('flatten', 'globalavgpool', 'globalmaxpool'),
  })
  .map(({ size, channels, layout, layers, end }) => ({
    ...base,
    input: {
      shape: layout === 'hwc' ? [...size, channels] : [channels, ...size],
      ...{ layout, dtype: 'uint8', scale: 0.01, offset: -1 },
    },
    layers: [...layers, { kind: end }, { kind: 'dense', units: 3 }],
  }));

test('a recipe that is accepted has the sizes it promises, trains and answers', async () => {
  const runtime = createOnnxRuntime();
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(recipe, async (document) => {
      const checked = accept(document);
      if (checked === undefined) return;
      accepted++;
      assertSizes(checked);
      const data = samples(checked, 6);
      const { model, history } = await train({ recipe: checked, data, runtime });
      assert.ok(Number.isFinite(history[0]?.loss));
      await using session = await runtime.load(writeModel(model));
      const { logits } = await session.run({ input: data.inputs });
      assert.deepEqual(logits?.dims, [6, 3]);
    }),
    { seed: 7, numRuns: 80 },
  );
  assert.ok(accepted >= 25, `only ${accepted} recipes were accepted`);
});

function accept(document: unknown): Recipe | undefined {
  try {
    return readRecipe(document);
  } catch (error) {
    assert.ok(error instanceof FleetError && error.code === 'invalid-argument', String(error));
    return undefined;
  }
}

/** Shape inference knows nothing of recipes: it must find what the layers say. */
function assertSizes(checked: Recipe): void {
  const form = { mode: 'training', batch: 3 } as const;
  const { graph } = inferShapes(buildNetwork(checked, initialWeights(checked, 1), form));
  const sizes = layerSizes(checked);
  for (const [index, { kind }] of checked.layers.slice(0, -1).entries()) {
    const isBeforeHead = index === checked.layers.length - 2;
    const name = isBeforeHead ? modelNames.features : `${kind}${index}`;
    assert.deepEqual(dimsOf(graph, name), [3, ...(sizes[index + 1] ?? [])]);
  }
}

function samples(checked: Recipe, count: number) {
  const dims = [count, ...checked.input.shape];
  const size = dims.reduce((all, one) => all * one, 1);
  const data = Uint8Array.from({ length: size }, (_, at) => (at * 37) % 256);
  const inputs: Tensor = tensor('uint8', dims, data);
  return { inputs, labels: Int32Array.from({ length: count }, (_, sample) => sample % 3) };
}
