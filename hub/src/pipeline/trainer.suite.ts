import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeModel } from '@edgewise/models/onnx';
import { createRandom } from '@edgewise/models/random';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { tensor } from '@edgewise/models/tensor';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  evaluate,
  type LabelledData,
  modelNames,
  type Recipe,
  readRecipe,
  type TrainEvent,
} from '@edgewise/models/train';
import type { Trainer, TrainRequest } from './trainer.ts';

/** What every trainer must do. */
export function describeTrainer(name: string, open: () => Promise<Trainer>): void {
  test(`${name}: says what it computes with and why`, async () => {
    const { engine } = await open();
    assert.notEqual(engine.library, '');
    assert.match(engine.reason, /\.$/);
  });

  test(`${name}: a small net learns to tell bars by their direction`, async () => {
    const trainer = await open();
    const events: TrainEvent[] = [];
    const validation = bars(100, 2);
    const { model, history, imagesPerSecond } = await trainer.train(
      request({ validation, onProgress: (event) => events.push(event) }, easy),
    );
    const last = history.at(-1);
    assert.ok((last?.validation?.accuracy ?? 0) >= 0.95, JSON.stringify(history));
    assert.equal(events.filter(({ type }) => type === 'step-finished').length, 8 * 10);
    assert.equal(events.filter(({ type }) => type === 'epoch-finished').length, 8);
    assert.ok(imagesPerSecond > 0);
    const measured = await evaluate(model, validation, { runtime: createOnnxRuntime() });
    assert.deepEqual(measured, last?.validation);
  });

  test(`${name}: the model takes raw bytes and gives logits, probabilities and features`, async () => {
    const trainer = await open();
    const { model } = await trainer.train(request({}, { epochs: 1 }));
    const { graph } = model;
    assert.deepEqual(graph.inputs, [{ name: 'input', dtype: 'uint8', dims: ['N', 8, 8, 1] }]);
    const outputs = graph.outputs.map((output) => output.name);
    assert.deepEqual(outputs, [modelNames.logits, modelNames.probabilities]);
    assert.ok(graph.nodes.some((node) => node.outputs.includes(modelNames.features)));
    assert.ok(graph.initializers.has('conv0.weight') && graph.initializers.has('batchnorm1.mean'));
  });

  test(`${name}: the same request gives the same bytes, another seed gives others`, async () => {
    const trainer = await open();
    const bytes = async (seed: number) =>
      writeModel((await trainer.train(request({ seed }, { epochs: 1 }))).model);
    const first = await bytes(1);
    assert.deepEqual(await bytes(1), first);
    assert.notDeepEqual(await bytes(2), first);
  });

  for (const optimizer of [
    { kind: 'adam', rate: 0.01, weightDecay: 0.01 },
    { kind: 'sgd', rate: 0.05, momentum: 0.8 },
  ] as const) {
    test(`${name}: goes on from a checkpoint to the same bytes with ${optimizer.kind}`, async () => {
      const trainer = await open();
      const saved: Uint8Array[] = [];
      const save = (checkpoint: Checkpoint): Promise<void> => {
        saved.push(encodeCheckpoint(checkpoint));
        return Promise.resolve();
      };
      const whole = await trainer.train(
        request({ checkpoint: { everySteps: 7, save } }, { epochs: 2, optimizer }),
      );
      assert.equal(saved.length, 2);
      const resume = decodeCheckpoint(saved[1] ?? new Uint8Array());
      const resumed = await trainer.train(request({ resume }, { epochs: 2, optimizer }));
      assert.deepEqual(writeModel(resumed.model), writeModel(whole.model));
      assert.deepEqual(resumed.history, whole.history);
    });
  }

  test(`${name}: starts from a model`, async () => {
    const trainer = await open();
    const { model, history } = await trainer.train(request());
    const still = { epochs: 1, optimizer: { kind: 'sgd', rate: 1e-12 } } as const;
    const next = await trainer.train(request({ initial: model }, still));
    const [first, last] = [next.history[0]?.accuracy ?? 0, history.at(-1)?.accuracy ?? 1];
    assert.ok(Math.abs(first - last) < 0.05, `${first} after ${last}`);
  });

  test(`${name}: rejects with canceled once it is aborted`, async () => {
    const trainer = await open();
    const controller = new AbortController();
    const onProgress = (event: TrainEvent): void => {
      if (event.type === 'step-finished' && event.step === 3) controller.abort();
    };
    await assert.rejects(trainer.train(request({ signal: controller.signal, onProgress })), {
      code: 'canceled',
    });
  });

  test(`${name}: refuses data that does not belong to the recipe`, async () => {
    const trainer = await open();
    const data = bars(50, 1);
    const wrong = { ...data, labels: data.labels.with(3, 2) };
    await assert.rejects(trainer.train({ ...request(), data: wrong }), {
      code: 'invalid-argument',
    });
    await assert.rejects(trainer.train({ ...request(), data: bars(10, 1) }), {
      code: 'insufficient-data',
    });
  });
}

/** A recipe that learns in a few epochs. */
const easy: Partial<Recipe> = {
  input: { shape: [8, 8, 1], dtype: 'uint8', scale: 1 / 255 },
  layers: [
    { kind: 'conv', filters: 6, kernel: 3 },
    { kind: 'batchnorm' },
    { kind: 'relu' },
    { kind: 'maxpool' },
    { kind: 'flatten' },
    { kind: 'dense', units: 16 },
    { kind: 'relu' },
    { kind: 'dense', units: 2 },
  ],
  schedule: { kind: 'constant' },
  epochs: 8,
};

/** A recipe with every kind of layer that all trainers know. */
export function barsRecipe(changes: Partial<Recipe> = {}): Recipe {
  return readRecipe({
    name: 'bars',
    task: 'classification',
    input: { shape: [8, 8, 1], dtype: 'uint8', scale: 1 / 255, offset: -0.5 },
    layers: [
      { kind: 'conv', filters: 4, kernel: 3, bias: false },
      { kind: 'batchnorm' },
      { kind: 'relu6' },
      { kind: 'dropout', ratio: 0.1 },
      { kind: 'depthwise', kernel: 3, stride: 1 },
      { kind: 'relu' },
      { kind: 'maxpool' },
      { kind: 'avgpool', size: 2, stride: 1 },
      { kind: 'flatten' },
      { kind: 'dense', units: 16 },
      { kind: 'relu' },
      { kind: 'dropout', ratio: 0.25 },
      { kind: 'dense', units: 2 },
    ],
    loss: 'softmax-cross-entropy',
    optimizer: { kind: 'adam', rate: 0.01 },
    schedule: { kind: 'cosine', warmupSteps: 4 },
    epochs: 4,
    batchSize: 25,
    seed: 1,
    classWeights: 'balanced',
    augmentation: { contrast: { low: 0.8, high: 1 } },
    ...changes,
  });
}

/** A request on bars, with a checked recipe. */
export function request(
  options: Partial<Omit<TrainRequest, 'recipe'>> = {},
  recipe: Partial<Recipe> = {},
): TrainRequest {
  return { data: bars(250, 1), ...options, recipe: barsRecipe(recipe) };
}

/** Noisy images of one bright row (class 0) or column (class 1). */
export function bars(count: number, seed: number): LabelledData {
  const random = createRandom(seed);
  const data = new Uint8Array(count * 64);
  const labels = new Int32Array(count);
  for (let sample = 0; sample < count; sample++) {
    const line = random.below(8);
    labels[sample] = random.below(2);
    for (let at = 0; at < 64; at++) {
      const isOn = (labels[sample] === 0 ? at >> 3 : at & 7) === line;
      data[sample * 64 + at] = (isOn ? 150 : 0) + random.below(100);
    }
  }
  return { inputs: tensor('uint8', [count, 8, 8, 1], data), labels };
}
