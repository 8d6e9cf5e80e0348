import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readModel } from '../../onnx/read.ts';
import { describeBase } from './describe-base.ts';
import { classesIn, completeTuneRecipe, isTuneRecipe, readModelRecipe } from './model-recipe.ts';
import { readTuneRecipe } from './tune-recipe.ts';

const torchNet = readModel(
  readFileSync(new URL('../../../fixtures/onnx/torch-cnn-17.onnx', import.meta.url)),
);

const settings = {
  ...{ name: 'tuned', task: 'classification', loss: 'softmax-cross-entropy' },
  ...{ optimizer: { kind: 'adam', rate: 0.01 }, schedule: { kind: 'constant' } },
  ...{ epochs: 1, batchSize: 20, seed: 2 },
};
const tune = (base: object) => ({ ...settings, base: { model: 'net.onnx', classes: 3, ...base } });

test('a recipe without an input takes that of the imported model', () => {
  const { input } = completeTuneRecipe(readTuneRecipe(tune({})), torchNet);
  assert.deepEqual(input, { shape: [1, 12, 12], layout: 'chw', dtype: 'float32', scale: 1 });
  const recipe = readModelRecipe({ ...tune({}), input });
  assert.ok(isTuneRecipe(recipe));
  assert.equal(classesIn(recipe), 3);
});

test('the example recipe for an imported model is read', () => {
  const file = new URL('../../../recipes/tune.json', import.meta.url);
  const recipe = readModelRecipe(JSON.parse(readFileSync(file, 'utf8')));
  assert.equal(classesIn(recipe), 5);
});

test('a pattern that freezes nothing is refused before anything is trained', () => {
  assert.throws(
    () => completeTuneRecipe(readTuneRecipe(tune({ freeze: ['stem.*'] })), torchNet),
    /called "stem\.\*"/,
  );
});

test('an operator without gradient is refused before anything is trained, and all frozen it only has to run', () => {
  const resizing = readModel(
    readFileSync(new URL('../../../fixtures/onnx/imports/torch-inverted-17.onnx', import.meta.url)),
  );
  const complete = (freeze: string[]) =>
    completeTuneRecipe(readTuneRecipe(tune({ freeze })), resizing);
  assert.throws(() => complete([]), {
    code: 'unsupported',
    message: /no gradient rule for Resize .*freeze them by name in "base\.freeze"/,
  });
  assert.equal(complete(['*']).input.dtype, 'float32');
});

test('what a hub keeps says its input', () => {
  assert.throws(() => readModelRecipe(tune({})), /The recipe: it lacks input/);
});

test('a recipe with layers of its own is read as ever', () => {
  const layers = [{ kind: 'dense', units: 4 }];
  const input = { shape: [6], dtype: 'float32', scale: 1 };
  const recipe = readModelRecipe({ ...settings, input, layers });
  assert.ok(!isTuneRecipe(recipe));
  assert.equal(classesIn(recipe), 4);
  assert.throws(() => readModelRecipe({ ...settings, input, layers: [] }), /"layers"/);
});

test('an imported model says its input and what can be frozen', () => {
  const { inputs, weights } = describeBase(torchNet);
  assert.deepEqual(
    inputs.map(({ dims }) => dims?.slice(1)),
    [[1, 12, 12]],
  );
  assert.ok(weights.length >= 2);
  for (const name of weights) {
    assert.ok(completeTuneRecipe(readTuneRecipe(tune({ freeze: [name] })), torchNet), name);
  }
});
