import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { elementCount, type Tensor, tensor } from '../tensor/tensor.ts';
import { initialWeights, layerSizes } from './network.ts';
import { readRecipe } from './read-recipe.ts';
import type { Recipe } from './recipe.ts';
import { startState, type TrainingState } from './state.ts';
import { createStepper } from './stepper.ts';
import { trainingStepOf } from './train.ts';

/** tfjs in plain JavaScript is the second opinion: its gradients were written by others. */
before(() => tf.setBackend('cpu'));

const base = {
  task: 'classification',
  loss: 'softmax-cross-entropy',
  // With rate 1 the difference between two states is the gradient.
  optimizer: { kind: 'sgd', rate: 1 },
  schedule: { kind: 'constant' },
  epochs: 1,
  batchSize: 4,
  seed: 3,
};
const input = (...shape: number[]) => ({ shape, dtype: 'float32', scale: 1 });
const normalised = (...layers: object[]) =>
  layers.flatMap((layer) => [{ ...layer, bias: false }, { kind: 'batchnorm' }, { kind: 'relu6' }]);
const head = [{ kind: 'dense', units: 10 }];

const recipes = [
  {
    ...base,
    name: 'cnn',
    input: input(28, 28, 1),
    layers: [
      { kind: 'conv', filters: 16, kernel: 3 },
      { kind: 'relu' },
      { kind: 'maxpool' },
      { kind: 'conv', filters: 32, kernel: 3 },
      { kind: 'relu' },
      { kind: 'maxpool' },
      { kind: 'flatten' },
      { kind: 'dense', units: 64 },
      { kind: 'relu' },
      ...head,
    ],
  },
  {
    ...base,
    name: 'depthwise',
    input: input(32, 32, 3),
    layers: [
      ...normalised(
        { kind: 'conv', filters: 8, kernel: 3, stride: 2 },
        { kind: 'depthwise', kernel: 3 },
        { kind: 'conv', filters: 16, kernel: 1 },
      ),
      { kind: 'globalavgpool' },
      ...head,
    ],
  },
  {
    ...base,
    name: 'odd-sizes',
    input: input(33, 29, 3),
    layers: [
      ...normalised(
        { kind: 'conv', filters: 8, kernel: 5, stride: 2, padding: 'valid' },
        { kind: 'depthwise', kernel: 3, stride: 2 },
      ),
      { kind: 'conv', filters: 12, kernel: 3, stride: 2 },
      { kind: 'relu' },
      { kind: 'avgpool', size: 2, stride: 1 },
      { kind: 'flatten' },
      ...head,
    ],
  },
];

for (const document of recipes) {
  test(`one step on the ${document.name} net moves every weight as tfjs says`, async () => {
    const recipe = readRecipe(document);
    const { first, states } = await ourSteps(recipe, 1);
    const theirs = tfjsGradients(recipe, first);
    for (const [name, expected] of theirs) {
      const was = first[name]?.data as Float32Array;
      const is = states[0]?.[name]?.data as Float32Array;
      const gradient = was.map((value, at) => value - (is[at] ?? 0));
      assertClose(gradient, expected, { name, relative: 1e-4 });
    }
  });
}

const optimizers = [
  {
    settings: { kind: 'adam', rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
    theirs: () => tf.train.adam(0.001, 0.9, 0.999, 1e-7),
  },
  {
    settings: { kind: 'sgd', rate: 0.01, momentum: 0.9 },
    theirs: () => tf.train.momentum(0.01, 0.9),
  },
] as const;

for (const { settings, theirs } of optimizers) {
  test(`three steps of ${settings.kind} end at the weights of tfjs`, async () => {
    const recipe = readRecipe({ ...recipes[0], optimizer: settings });
    const { first, states } = await ourSteps(recipe, 3);
    const variables = tfjsVariables(recipe, first);
    const optimizer = theirs();
    const list = [...variables.values()];
    for (let step = 0; step < 3; step++) {
      optimizer.minimize(() => tfjsLoss(recipe, variables, sampleBatch(recipe)), false, list);
    }
    for (const [name, variable] of variables) {
      const ours = states[2]?.[name]?.data as Float32Array;
      assertClose(ours, variable.dataSync() as Float32Array, { name, relative: 1e-4 });
    }
  });
}

interface SampleBatch {
  readonly inputs: Tensor<'float32'>;
  readonly labels: Tensor<'int32'>;
}

/** Noise inside a blank frame, so that pools meet equal cells as in real images. */
function sampleBatch(recipe: Recipe): SampleBatch {
  const dims = [recipe.batchSize, ...recipe.input.shape];
  const [, height = 0, width = 0, channels = 1] = dims;
  const random = createRandom(11);
  const data = Float32Array.from({ length: elementCount(dims) }, (_, at) => {
    const row = Math.floor(at / (width * channels)) % height;
    const column = Math.floor(at / channels) % width;
    const value = random.between(-1, 1);
    return row < 6 || column < 6 ? 0 : value;
  });
  const labels = Int32Array.from({ length: recipe.batchSize }, () => random.below(10));
  return {
    inputs: tensor('float32', dims, data),
    labels: tensor('int32', [recipe.batchSize], labels),
  };
}

async function ourSteps(recipe: Recipe, count: number) {
  const plan = trainingStepOf(recipe);
  const weights = initialWeights(recipe, recipe.seed);
  const first = withBiases(startState({ plan, weights, resume: undefined }));
  await using session = await createOnnxRuntime().load(writeModel(plan.model));
  const stepper = createStepper({ session, plan, state: first, seed: recipe.seed });
  const states: TrainingState[] = [];
  for (let step = 0; step < count; step++) {
    const call = { batch: sampleBatch(recipe), rate: recipe.optimizer.rate, signal: undefined };
    await stepper.run(step, call);
    states.push(stepper.state);
  }
  return { first, states };
}

/** Biases that are not zero, so that blank cells are not all cut off by relu. */
function withBiases(state: TrainingState): TrainingState {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => {
      if (!name.endsWith('.bias')) return [name, value];
      const data = Float32Array.from(value.data as Float32Array, (_, at) => 0.1 * Math.cos(at));
      return [name, tensor('float32', value.dims, data)];
    }),
  );
}

function tfjsVariables(recipe: Recipe, state: TrainingState): Map<string, tf.Variable> {
  const names = trainingStepOf(recipe).state.flatMap(({ parts }) => parts.map(({ name }) => name));
  const trained = names.filter((name) => /\.(weight|bias|scale)$/.test(name));
  return new Map(
    trained.map((name) => {
      const value = state[name] as Tensor<'float32'>;
      return [name, tf.variable(tf.tensor(value.data, [...value.dims]))];
    }),
  );
}

function tfjsGradients(recipe: Recipe, state: TrainingState): ReadonlyMap<string, Float32Array> {
  const variables = tfjsVariables(recipe, state);
  const { grads } = tf.variableGrads(
    () => tfjsLoss(recipe, variables, sampleBatch(recipe)),
    [...variables.values()],
  );
  return new Map(
    [...variables].map(([name, { name: theirs }]) => [
      name,
      grads[theirs]?.dataSync() as Float32Array,
    ]),
  );
}

function tfjsLoss(
  recipe: Recipe,
  variables: ReadonlyMap<string, tf.Variable>,
  { inputs, labels }: SampleBatch,
): tf.Scalar {
  let value: tf.Tensor = tf.tensor(inputs.data, [...inputs.dims]);
  for (const [index, layer] of recipe.layers.entries()) {
    const parameter = (name: string) => variables.get(`${layer.kind}${index}.${name}`);
    value = tfjsLayer(layer, value, parameter);
  }
  const classes = layerSizes(recipe).at(-1)?.[0] ?? 0;
  const truth = tf.oneHot(tf.tensor1d(labels.data, 'int32'), classes);
  return tf.losses.softmaxCrossEntropy(truth, value) as tf.Scalar;
}

type Image = tf.Tensor4D;

function tfjsLayer(
  layer: Recipe['layers'][number],
  value: tf.Tensor,
  parameter: (name: string) => tf.Variable | undefined,
): tf.Tensor {
  const weight = parameter('weight') as tf.Tensor;
  const biased = (result: tf.Tensor): tf.Tensor => {
    const bias = parameter('bias');
    return bias === undefined ? result : result.add(bias);
  };
  switch (layer.kind) {
    case 'conv': {
      const kernel = weight.transpose([2, 3, 1, 0]) as Image;
      const { stride = 1, padding = 'same' } = layer;
      return biased(tf.conv2d(value as Image, kernel, stride, padding));
    }
    case 'depthwise': {
      const kernel = weight.transpose([2, 3, 0, 1]) as Image;
      const { stride = 1, padding = 'same' } = layer;
      return biased(tf.depthwiseConv2d(value as Image, kernel, stride, padding));
    }
    case 'batchnorm': {
      const { mean, variance } = tf.moments(value, [0, 1, 2]);
      const scaled = value.sub(mean).div(variance.add(1e-3).sqrt());
      return biased(scaled.mul(parameter('scale') as tf.Tensor));
    }
    case 'maxpool':
      return tf.maxPool(value as Image, layer.size ?? 2, layer.stride ?? 2, 'valid');
    case 'avgpool':
      return tf.avgPool(value as Image, layer.size ?? 2, layer.stride ?? 2, 'valid');
    case 'globalavgpool':
      return value.mean([1, 2]);
    case 'flatten':
      return value.transpose([0, 3, 1, 2]).reshape([value.shape[0] ?? 0, -1]);
    case 'dense':
      return biased(tf.matMul(value as tf.Tensor2D, weight as tf.Tensor2D, false, true));
    case 'relu':
      return value.relu();
    case 'relu6':
      return value.clipByValue(0, 6);
    default:
      assert.equal(layer.kind, 'dropout');
      return value;
  }
}

function assertClose(
  ours: Float32Array,
  theirs: Float32Array,
  { name, relative }: { readonly name: string; readonly relative: number },
): void {
  assert.equal(ours.length, theirs.length);
  const scale = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  for (const [at, value] of ours.entries()) {
    const wrong = Math.abs(value - (theirs[at] ?? Number.NaN)) / scale;
    assert.ok(wrong <= relative, `${name}[${at}]: ${value}, tfjs ${theirs[at]}`);
  }
}
