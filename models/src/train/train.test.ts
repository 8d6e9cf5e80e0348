import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { writeModel } from '../onnx/write.ts';
import { createRandom } from '../random/random.ts';
import { createOnnxRuntime } from '../runtime-onnx/onnx-runtime.ts';
import { tensor } from '../tensor/tensor.ts';
import type { LabelledData } from './batches.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import { evaluate } from './evaluate.ts';
import { modelNames } from './network.ts';
import { readRecipe } from './read-recipe.ts';
import type { Recipe } from './recipe.ts';
import { bars } from './testing/bars.ts';
import { type TrainOptions, train } from './train.ts';
import type { TrainEvent } from './training-run.ts';

const runtime = createOnnxRuntime();

test('a small net learns to tell bars by their direction', async () => {
  const events: TrainEvent[] = [];
  const validation = bars(100, 2);
  const result = await train(options({ validation, onProgress: (event) => events.push(event) }));
  const last = result.history.at(-1);
  assert.ok((last?.validation?.accuracy ?? 0) >= 0.97, JSON.stringify(last));
  assert.ok((last?.loss ?? 1) < (result.history[0]?.loss ?? 0));
  assert.ok(result.imagesPerSecond > 0);
  assert.equal(events.filter(({ type }) => type === 'step-finished').length, 4 * 12);
  assert.equal(events.filter(({ type }) => type === 'epoch-finished').length, 4);
});

test('the example recipe for vectors learns columns of any scale', async () => {
  const file = new URL('../../recipes/vectors.json', import.meta.url);
  const recipe = readRecipe({ ...JSON.parse(readFileSync(file, 'utf8')), epochs: 8 });
  const readings = (count: number, seed: number): LabelledData => {
    const random = createRandom(seed);
    const labels = Int32Array.from({ length: count }, (_, at) => at % 2);
    const values = [...labels].flatMap((label) => [
      random.between(0.1, 0.2) + 0.1 * label,
      random.between(20_000, 23_000) + 2000 * label,
      random.next(),
    ]);
    return { inputs: tensor('float32', [count, 3], Float32Array.from(values)), labels };
  };
  const { history } = await train({
    ...{ recipe, data: readings(400, 1), validation: readings(100, 2), runtime },
  });
  assert.ok((history.at(-1)?.validation?.accuracy ?? 0) >= 0.9, JSON.stringify(history.at(-1)));
});

test('squared error and momentum learn the same', async () => {
  const optimizer = { kind: 'sgd', rate: 0.08, momentum: 0.8, weightDecay: 1e-3 } as const;
  const changes = { loss: 'mean-squared-error', optimizer, epochs: 8 } as const;
  const { history } = await train(options({ validation: bars(100, 2), ...changes }));
  assert.ok((history.at(-1)?.validation?.accuracy ?? 0) >= 0.95, JSON.stringify(history.at(-1)));
});

test('the model takes raw bytes in any number and gives logits, probabilities and features', async () => {
  const { model } = await train(options({ epochs: 1 }));
  const { graph } = model;
  assert.deepEqual(graph.inputs, [{ name: 'input', dtype: 'uint8', dims: ['N', 8, 8, 1] }]);
  assert.ok(graph.nodes.some(({ outputs }) => outputs.includes(modelNames.features)));
  assert.ok(graph.nodes.every(({ op }) => op !== 'Dropout'));
  await using session = await runtime.load(writeModel(model));
  for (const count of [1, 7]) {
    const { inputs } = bars(count, 3);
    const { logits, probabilities } = await session.run({ input: inputs });
    assert.deepEqual(logits?.dims, [count, 2]);
    const [first, second] = Array.from((probabilities?.data ?? []) as Float32Array);
    assert.ok(Math.abs((first ?? 0) + (second ?? 0) - 1) < 1e-6);
  }
});

test('the same recipe, data and seed give the same bytes, another seed gives others', async () => {
  const bytes = async (seed: number) => writeModel((await train(options({ seed }))).model);
  const first = await bytes(1);
  assert.deepEqual(await bytes(1), first);
  assert.notDeepEqual(await bytes(2), first);
});

test('a training that is interrupted anywhere ends at the same bytes', async () => {
  const whole = await train(options());
  const saved: Uint8Array[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(encodeCheckpoint(checkpoint));
    return Promise.resolve();
  };
  await train(options({ checkpoint: { everySteps: 7, save } }));
  assert.equal(saved.length, 6);
  for (const bytes of [saved[0], saved[3]]) {
    const resumed = await train(options({ resume: decodeCheckpoint(bytes ?? new Uint8Array()) }));
    assert.deepEqual(writeModel(resumed.model), writeModel(whole.model));
    assert.deepEqual(resumed.history, whole.history);
  }
});

const judged = {
  validationSplit: 0.2,
  keep: 'best',
  classWeights: 'balanced',
  earlyStopping: { patience: 2, minImprovement: 0.05 },
  monitor: 'accuracy',
  epochs: 9,
} as const;

test('a training that pauses after epochs goes on to the same bytes, on the schedule of the whole', async () => {
  const schedule = { kind: 'cosine', warmupSteps: 4 } as const;
  const changes = { schedule, keep: 'best', validation: bars(60, 2) } as const;
  const whole = await train(options(changes));
  let paused: Uint8Array = new Uint8Array();
  const save = (checkpoint: Checkpoint): Promise<void> => {
    paused = encodeCheckpoint(checkpoint);
    return Promise.resolve();
  };
  const checkpoint = { everySteps: 1_000_000, save };
  const one = await train(options({ ...changes, pauseAfterEpochs: 1, checkpoint }));
  assert.deepEqual(one.history, whole.history.slice(0, 1));
  const resume = () => decodeCheckpoint(paused);
  const three = await train(
    options({ ...changes, pauseAfterEpochs: 3, resume: resume(), checkpoint }),
  );
  assert.deepEqual(three.history, whole.history.slice(0, 3));
  const rest = await train(options({ ...changes, resume: resume(), pauseAfterEpochs: 9 }));
  assert.deepEqual(writeModel(rest.model), writeModel(whole.model));
});

test('a training that stops early ends at the same bytes after any interruption', async () => {
  const whole = await train(options(judged));
  const last = whole.history.at(-1)?.epoch ?? 0;
  assert.ok(whole.stoppedEarly && last < 8 && whole.epoch < last, JSON.stringify(whole.history));
  const saved: Uint8Array[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(encodeCheckpoint(checkpoint));
    return Promise.resolve();
  };
  await train(options({ ...judged, checkpoint: { everySteps: 3, save } }));
  for (const bytes of [saved.at(1), saved.at(-2), saved.at(-1)]) {
    const resume = decodeCheckpoint(bytes ?? new Uint8Array());
    const resumed = await train(options({ ...judged, resume }));
    assert.deepEqual(writeModel(resumed.model), writeModel(whole.model));
    assert.deepEqual(resumed.history, whole.history);
    assert.deepEqual([resumed.epoch, resumed.stoppedEarly], [whole.epoch, true]);
  }
});

test("the model is the best epoch's where that is asked for", async () => {
  const validation = bars(100, 2);
  const wild = { optimizer: { kind: 'sgd', rate: 0.7 }, epochs: 6, validation } as const;
  const result = await train(options({ ...wild, keep: 'best' }));
  const losses = result.history.map((epoch) => epoch.validation?.loss ?? 0);
  assert.equal(losses[result.epoch], Math.min(...losses));
  assert.ok(result.epoch < 5, losses.join());
  const score = await evaluate(result.model, validation, { runtime });
  assert.deepEqual(score, result.history[result.epoch]?.validation);
});

test('the history has a point with both losses and the rate for every epoch', async () => {
  const { history, epoch } = await train(options({ validation: bars(100, 2) }));
  assert.deepEqual(
    history.map((point) => point.epoch),
    [0, 1, 2, 3],
  );
  assert.ok(history.every((point) => point.validation !== undefined && point.learningRate > 0));
  assert.ok((history[3]?.learningRate ?? 1) < (history[1]?.learningRate ?? 0));
  assert.equal(epoch, 3);
});

test('class weights make a rare class count', async () => {
  const rare = (count: number, seed: number, every: number): LabelledData => {
    const random = createRandom(seed);
    const labels = Int32Array.from({ length: count }, (_, at) => (at % every === 0 ? 1 : 0));
    // Both classes overlap; where 19 of 20 are of class 0, the cheapest answer is always 0.
    const values = Float32Array.from(labels, (label) => random.between(0, 2) + 0.8 * label);
    return { inputs: tensor('float32', [count, 1], values), labels };
  };
  const weighed = async (classWeights: Recipe['classWeights']) => {
    const layers = [{ kind: 'dense', units: 2 }];
    const input = { shape: [1], dtype: 'float32', scale: 1 };
    const given = { layers, input, optimizer: { kind: 'adam', rate: 0.05 }, epochs: 10 };
    const { model } = await train({
      recipe: readRecipe({ ...recipe(), ...given, ...(classWeights && { classWeights }) }),
      ...{ data: rare(2000, 1, 20), runtime },
    });
    return (await evaluate(model, rare(1000, 2, 1), { runtime })).accuracy;
  };
  assert.ok((await weighed(undefined)) < 0.2);
  assert.ok((await weighed('balanced')) > 0.5);
  assert.ok((await weighed([0.01, 1])) > 0.9);
});

test('judging epochs without validation data is refused', async () => {
  for (const given of [{ keep: 'best' }, { earlyStopping: { patience: 1 } }] as const) {
    await refused(train(options(given)), /judges epochs by validation data, but none is given/);
  }
});

test('training can start from a model', async () => {
  const { model } = await train(options());
  const frozen = { optimizer: { kind: 'sgd', rate: 1e-12 }, epochs: 1 } as const;
  const validation = bars(100, 2);
  const { history } = await train(options({ initial: model, validation, ...frozen }));
  assert.ok((history[0]?.validation?.accuracy ?? 0) > 0.95, JSON.stringify(history));
});

test('a model of another recipe is refused as a start', async () => {
  const { model } = await train(options({ epochs: 1 }));
  const other = { ...recipe(), layers: recipe().layers.with(0, conv(5)) };
  await refused(train({ ...options({ initial: model }), recipe: other }), /needs "conv0.weight"/);
});

test('dropout and augmentation are drawn from the seed', async () => {
  const augmentation = { shiftPixels: 1, rotateDegrees: 5, contrast: { low: 0.5, high: 1 } };
  const bytes = async () => writeModel((await train(options({ augmentation }))).model);
  assert.deepEqual(await bytes(), await bytes());
  assert.notDeepEqual(await bytes(), writeModel((await train(options())).model));
});

test('an aborted training rejects with canceled', async () => {
  const controller = new AbortController();
  const onProgress = (event: TrainEvent): void => {
    if (event.type === 'step-finished' && event.step === 3) controller.abort();
  };
  await assert.rejects(
    train(options({ signal: controller.signal, onProgress })),
    (error) => error instanceof FleetError && error.code === 'canceled',
  );
});

test('a training that diverges says so', async () => {
  const optimizer = { kind: 'sgd', rate: 10, momentum: 0.99 } as const;
  const changes = { loss: 'mean-squared-error', optimizer, epochs: 50 } as const;
  await refused(train(options(changes)), /The loss is (NaN|Infinity) at step \d+: .* diverged/);
});

test('a training that its last step breaks says so, and no broken state is saved', async () => {
  const layers = [{ kind: 'dense', units: 2 }];
  const input = { shape: [1], dtype: 'float32', scale: 1 };
  const optimizer = { kind: 'sgd', rate: 10 };
  const schedule = { kind: 'constant' };
  const broken = (epochs: number): TrainOptions => ({
    ...options(),
    recipe: readRecipe({ ...recipe(), layers, input, optimizer, schedule, epochs, batchSize: 1 }),
    data: { inputs: tensor('float32', [1, 1], Float32Array.of(6e37)), labels: Int32Array.of(1) },
  });
  const message = /"\w+\.\w+" holds (-?Infinity|NaN) after the last step: .* diverged/;
  await refused(train(broken(1)), message);
  const save = (): Promise<void> => assert.fail('a broken state was saved');
  await refused(train({ ...broken(2), checkpoint: { everySteps: 1, save } }), message);
});

test('data that does not belong to the recipe is refused with the reason', async () => {
  const data = bars(50, 1);
  const floats = tensor('float32', [50, 64], new Float32Array(50 * 64));
  const cases: readonly (readonly [LabelledData, RegExp])[] = [
    [{ ...data, labels: data.labels.with(3, 2) }, /Sample 3 has class 2, but .* knows 0 to 1/],
    [{ ...data, labels: data.labels.subarray(1) }, /49 samples of \[8, 8, 1\] do not make/],
    [{ ...data, inputs: floats }, /takes uint8 inputs, but the data holds float32/],
  ];
  for (const [wrong, message] of cases) {
    await refused(train({ ...options(), data: wrong }), message);
  }
  await assert.rejects(
    train({ ...options(), data: bars(10, 1) }),
    (error) => error instanceof FleetError && error.code === 'insufficient-data',
  );
});

test('numbers that are not finite are refused with their sample, in data and validation', async () => {
  const layers = [{ kind: 'dense', units: 2 }] as const;
  const input = { shape: [2], dtype: 'float32', scale: 1 } as const;
  const given = { ...options(), recipe: readRecipe({ ...recipe(), layers, input }) };
  const whole = (value: number): LabelledData => ({
    inputs: tensor('float32', [40, 2], new Float32Array(80).fill(1).fill(value, 7, 8)),
    labels: Int32Array.from({ length: 40 }, (_, at) => at % 2),
  });
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const [wrong, right] = [whole(value), whole(1)];
    const message = /Sample 3 holds (NaN|-Infinity), which is no finite number/;
    await refused(train({ ...given, data: wrong }), message);
    await refused(train({ ...given, data: right, validation: wrong }), message);
  }
});

test('a checkpoint of other data or other epochs is refused', async () => {
  const saved: Checkpoint[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(decodeCheckpoint(encodeCheckpoint(checkpoint)));
    return Promise.resolve();
  };
  await train(options({ checkpoint: { everySteps: 20, save } }));
  const [resume] = saved;
  assert.ok(resume);
  const message = /The checkpoint is of another training: 20 steps in 1 finished epochs/;
  await refused(train({ ...options({ resume }), data: bars(60, 1) }), message);
  await refused(train(options({ resume, epochs: 1 })), message);
});

test('a checkpoint whose best weights are those of another network is refused at once', async () => {
  const saved: Checkpoint[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(decodeCheckpoint(encodeCheckpoint(checkpoint)));
    return Promise.resolve();
  };
  const given = { ...options({ keep: 'best' }), validation: bars(50, 2) };
  await train({ ...given, checkpoint: { everySteps: 20, save } });
  const [first] = saved;
  assert.ok(first?.best);
  const [name = ''] = Object.keys(first.best);
  const best = { ...first.best, [name]: tensor('float32', [1], new Float32Array(1)) };
  const onProgress = () => assert.fail('it went on');
  const resumed = train({ ...given, resume: { ...first, best }, onProgress });
  await refused(
    resumed,
    /The recipe needs ".*" as float32 \[.*\], but the state has float32 \[1\]/,
  );
});

test('a checkpoint of another optimizer is refused', async () => {
  const saved: Checkpoint[] = [];
  const save = (checkpoint: Checkpoint): Promise<void> => {
    saved.push(decodeCheckpoint(encodeCheckpoint(checkpoint)));
    return Promise.resolve();
  };
  await train({ ...options(), checkpoint: { everySteps: 20, save } });
  const [first] = saved;
  assert.ok(first);
  const optimizer = { kind: 'sgd', rate: 0.01 } as const;
  const resumed = train({ ...options({ optimizer }), resume: first });
  await refused(resumed, /The checkpoint is of another training: it has ".*"/);
});

async function refused(training: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(training, (error) => {
    assert.ok(error instanceof FleetError);
    assert.equal(error.code, 'invalid-argument');
    assert.match(error.reason, message);
    return true;
  });
}

const conv = (filters: number) => ({ kind: 'conv', filters, kernel: 3 }) as const;

function recipe(changes: Partial<Recipe> = {}): Recipe {
  return readRecipe({
    name: 'bars',
    task: 'classification',
    input: { shape: [8, 8, 1], dtype: 'uint8', scale: 1 / 255 },
    layers: [
      conv(4),
      { kind: 'batchnorm' },
      { kind: 'relu' },
      { kind: 'maxpool' },
      { kind: 'flatten' },
      { kind: 'dense', units: 16 },
      { kind: 'relu6' },
      { kind: 'dropout', ratio: 0.25 },
      { kind: 'dense', units: 2 },
    ],
    loss: 'softmax-cross-entropy',
    optimizer: { kind: 'adam', rate: 0.01 },
    schedule: { kind: 'cosine', warmupSteps: 4 },
    epochs: 4,
    batchSize: 25,
    seed: 1,
    ...changes,
  });
}

/** Options of a training of bars: changes go to the recipe or beside it, where they belong. */
function options(
  changes: Partial<Omit<TrainOptions, 'recipe' | 'data'>> & Partial<Recipe> = {},
): TrainOptions {
  const { seed, validation, onProgress, signal, resume, initial, ...others } = changes;
  const { checkpoint, pauseAfterEpochs, ...rest } = others;
  const followed = { onProgress, signal, resume, checkpoint, pauseAfterEpochs };
  const passed = { seed, validation, initial, ...followed };
  return {
    recipe: recipe(rest),
    data: bars(310, 1),
    runtime,
    ...Object.fromEntries(Object.entries(passed).filter(([, value]) => value !== undefined)),
  };
}
