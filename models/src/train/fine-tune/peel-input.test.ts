import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGraphBuilder, int } from '../../onnx/builder.ts';
import type { Model } from '../../onnx/graph.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { prepare } from '../../shrink/prepare.ts';
import { tensor } from '../../tensor/tensor.ts';
import type { LabelledData } from '../batches.ts';
import { buildNetwork, initialWeights } from '../network.ts';
import { readRecipe } from '../read-recipe.ts';
import type { Recipe } from '../recipe.ts';
import { fineTune } from './fine-tune.ts';
import { peelInput } from './peel-input.ts';
import { readTuneRecipe } from './tune-recipe.ts';

const runtime = createOnnxRuntime();
const settings = {
  ...{ task: 'classification', loss: 'softmax-cross-entropy', epochs: 1, batchSize: 10, seed: 1 },
  ...{ optimizer: { kind: 'adam', rate: 0.01 }, schedule: { kind: 'constant' } },
};

/** A network as the hub makes it, with its own scaling of bytes. */
function ownNetwork(input: Recipe['input']): Model {
  const convolution = [{ kind: 'conv', filters: 4, kernel: 3 }, { kind: 'relu' }];
  const layers = [
    ...(input.shape.length === 3 ? convolution : []),
    ...[{ kind: 'flatten' }, { kind: 'dense', units: 6 }, { kind: 'relu' }],
    { kind: 'dense', units: 5 },
  ];
  const recipe = readRecipe({ ...settings, name: 'own', input, layers });
  return buildNetwork(recipe, initialWeights(recipe, 3), { mode: 'inference', batch: 'N' });
}

const peeled = (model: Model) => {
  const { graph } = prepare(model);
  const [own] = graph.inputs;
  assert.ok(own);
  return peelInput(prepare(model), own);
};

const inputs: readonly Recipe['input'][] = [
  { shape: [6, 8, 3], layout: 'hwc', dtype: 'uint8', scale: 0.5, offset: -1 },
  { shape: [6, 8, 1], layout: 'hwc', dtype: 'uint8', scale: 0.25 },
  { shape: [3, 6, 8], layout: 'chw', dtype: 'uint8', scale: 0.25 },
];

for (const input of inputs) {
  test(`what a network does to bytes of [${input.shape.join(', ')}] first is its recipe's input`, async () => {
    const base = ownNetwork(input);
    assert.deepEqual(peeled(base)?.input, input);
    const random = createRandom(1);
    const size = input.shape.reduce((product, one) => product * one, 1);
    const bytes = Uint8Array.from({ length: 20 * size }, () => random.below(256));
    const data: LabelledData = {
      inputs: tensor('uint8', [20, ...input.shape], bytes),
      labels: Int32Array.from({ length: 20 }, (_, at) => at % 2),
    };
    const recipe = readTuneRecipe({
      ...{ ...settings, name: 'tuned', base: { model: 'own', classes: 2, freeze: ['*'] } },
    });
    const { model } = await fineTune({ recipe, base, data, runtime });
    assert.deepEqual(model.graph.inputs[0]?.dims, ['N', ...input.shape]);
    const features = async (of: Model) => {
      const { graph } = of;
      const outputs = [{ name: 'features', dtype: 'float32', dims: undefined }] as const;
      await using session = await runtime.load(writeModel({ ...of, graph: { ...graph, outputs } }));
      return (await session.run({ input: data.inputs })).features?.data;
    };
    assert.deepEqual(await features(model), await features(base));
  });
}

/** Bytes that are cast, then changed by one operator and number. */
function oneStep(op: string, number: number): Model {
  const graph = createGraphBuilder({ name: 'one', opset: 17 });
  const x = graph.input('x', 'uint8', ['N', 4]);
  const cast = graph.op('Cast', [x], { attributes: { to: int(1) } });
  const halved = graph.op('Mul', [cast, graph.scalar(0.5)]);
  const y = graph.op(op, [halved, graph.scalar(number)]);
  const w = graph.constant(tensor('float32', [4, 2], new Float32Array(8).fill(1)));
  graph.output(graph.op('MatMul', [y, w]), 'float32', ['N', 2]);
  return graph.build();
}

test('numbers are divided and taken away, too', () => {
  const { scale, offset } = peeled(oneStep('Div', 4))?.input ?? {};
  assert.deepEqual([scale, offset], [0.125, undefined]);
  assert.equal(peeled(oneStep('Sub', 3))?.input.offset, -3);
});

test('a model that does something else with its bytes is left as it is', () => {
  const graph = createGraphBuilder({ name: 'other', opset: 17 });
  const x = graph.input('x', 'uint8', ['N', 4]);
  const whole = graph.op('Cast', [x], { attributes: { to: int(6) } });
  graph.output(graph.op('Cast', [whole], { attributes: { to: int(1) } }), 'float32', ['N', 4]);
  const model = graph.build();
  assert.equal(peelInput(model, model.graph.inputs[0] as never), undefined);
});
