import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeModel } from '../onnx/write.ts';
import type { Session } from '../runtime/runtime.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import { initialWeights } from './network.ts';
import { readRecipe } from './read-recipe.ts';
import { startState, type TrainingState } from './state.ts';
import { createStepper } from './stepper.ts';
import { trainingStepOf } from './train.ts';

const recipe = readRecipe({
  name: 'small',
  task: 'classification',
  input: { shape: [4, 4, 1], dtype: 'float32', scale: 1 },
  layers: [
    { kind: 'conv', filters: 3, kernel: 3 },
    { kind: 'batchnorm' },
    { kind: 'relu' },
    { kind: 'flatten' },
    { kind: 'dense', units: 2 },
  ],
  loss: 'softmax-cross-entropy',
  optimizer: { kind: 'adam', rate: 0.1 },
  schedule: { kind: 'constant' },
  epochs: 1,
  batchSize: 2,
  seed: 1,
});

const batch = () => ({
  inputs: tensor(
    'float32',
    [2, 4, 4, 1],
    Float32Array.from({ length: 32 }, (_, at) => at % 5),
  ),
  labels: tensor('int32', [2], Int32Array.of(0, 1)),
});

async function threeSteps() {
  const plan = trainingStepOf(recipe);
  const weights = initialWeights(recipe, 1);
  await using session = await createOnnxRuntime().load(writeModel(plan.model));
  const start = startState({ plan, weights, resume: undefined });
  const stepper = createStepper({ session, plan, state: start, seed: 1 });
  const states: TrainingState[] = [stepper.state];
  const copies: TrainingState[] = [structuredClone(stepper.state)];
  for (let step = 0; step < 3; step++) {
    await stepper.run(step, { batch: batch(), rate: 0.1, signal: undefined });
    states.push(stepper.state);
    copies.push(structuredClone(stepper.state));
  }
  return { weights, start, states, copies };
}

test('no step allocates weights: two sets of memory hold the state in turn', async () => {
  const { states } = await threeSteps();
  const buffers = states.flatMap((state) => Object.values(state).map(({ data }) => data.buffer));
  // Weights, two slots of Adam, and the statistics: one vector each, twice.
  assert.equal(new Set(buffers).size, 8);
});

test('a step that fails leaves the state as it was', async () => {
  const plan = trainingStepOf(recipe);
  await using session = await createOnnxRuntime().load(writeModel(plan.model));
  const weights = initialWeights(recipe, 1);
  const start = startState({ plan, weights, resume: undefined });
  const failing: Session = {
    ...session,
    run(_, { into = {} } = {}) {
      for (const { data } of Object.values(into)) data.fill(7 as never);
      return Promise.reject(new Error('out of memory'));
    },
  };
  const stepper = createStepper({ session: failing, plan, state: start, seed: 1 });
  const run = stepper.run(0, { batch: batch(), rate: 0.1, signal: undefined });
  await assert.rejects(run, /out of memory/);
  assert.deepEqual(structuredClone(stepper.state), structuredClone(start));
});

test('every step moves all that it trains, and the start stays as it was', async () => {
  const { weights, start, copies } = await threeSteps();
  assert.deepEqual(Object.keys(copies[3] ?? {}).toSorted(), Object.keys(start).toSorted());
  assert.deepEqual(copies[0], structuredClone(start));
  for (const [step, after] of copies.slice(1).entries()) {
    for (const name of weights.keys()) {
      assert.notDeepEqual(after[name], copies[step]?.[name], `${name} in step ${step}`);
    }
  }
  for (const [name, { data }] of weights) assert.equal(start[name]?.data, data);
});
