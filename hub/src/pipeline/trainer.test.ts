import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import type { Tensor } from '@edgewise/models/tensor';
import { type Recipe, readRecipe } from '@edgewise/models/train';
import { createOnnxTrainer } from './adapters/onnx-trainer.ts';
import { loadTfjs } from './adapters/tfjs/load-tfjs.ts';
import { createTfjsTrainer } from './adapters/tfjs/tfjs-trainer.ts';
import { assertTfjsTrains } from './tfjs-gaps.ts';
import { barsRecipe, describeTrainer, request } from './trainer.suite.ts';

const runtime = createOnnxRuntime();
const plain = loadTfjs((name) => {
  const missing = Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' });
  return name.endsWith('-node') ? Promise.reject(missing) : import(name);
});

describeTrainer('onnx', () => Promise.resolve(createOnnxTrainer(runtime)));
describeTrainer('tfjs', () => createTfjsTrainer(runtime, plain));

const changesByName: Readonly<Record<string, Partial<Recipe>>> = {
  'an image, adam, cross entropy': {},
  'momentum and squared error': {
    loss: 'mean-squared-error',
    optimizer: { kind: 'sgd', rate: 0.05, momentum: 0.8, weightDecay: 1e-2 },
  },
  'layers of one unit, which do not decay': {
    layers: [{ kind: 'flatten' }, { kind: 'dense', units: 1 }, { kind: 'dense', units: 2 }],
    optimizer: { kind: 'sgd', rate: 0.01, weightDecay: 0.5 },
  },
  'channels first': {
    input: { shape: [1, 8, 8], layout: 'chw', dtype: 'uint8', scale: 0.004 },
  },
};

for (const [name, changes] of Object.entries(changesByName)) {
  test(`both trainers come to the same weights after an epoch: ${name}`, async () => {
    const given = request({}, { epochs: 1, ...changes });
    const { shape } = given.recipe.input;
    const { inputs } = given.data;
    const data = { ...given.data, inputs: { ...inputs, dims: [250, ...shape] } };
    const trainers = [createOnnxTrainer(runtime), await createTfjsTrainer(runtime, plain)];
    const [one, other] = await Promise.all(
      trainers.map((trainer) => trainer.train({ ...given, data })),
    );
    for (const [weight, value] of one?.model.graph.initializers ?? []) {
      const theirs = other?.model.graph.initializers.get(weight) as Tensor;
      assert.deepEqual(theirs.dims, value.dims);
      for (const [at, number] of Array.from((value as Tensor).data, Number).entries()) {
        const wrong = Math.abs(number - Number(theirs.data[at]));
        assert.ok(wrong < 2e-3, `${weight}[${at}]: ${number}, tfjs ${theirs.data[at]}`);
      }
    }
    assert.ok(Math.abs((one?.history[0]?.loss ?? 0) - (other?.history[0]?.loss ?? 1)) < 1e-4);
  });
}

test('tfjs keeps no tensors once a training has ended', async () => {
  const { tf } = await plain;
  const trainer = await createTfjsTrainer(runtime, plain);
  const before = tf.memory().numTensors;
  await trainer.train(request({}, { epochs: 1 }));
  assert.equal(tf.memory().numTensors, before);
});

test('what tfjs cannot train is refused by layer, before anything is trained', async () => {
  const base = barsRecipe();
  const conv = { kind: 'conv', filters: 4, kernel: 3 } as const;
  const first = (layer: object) =>
    readRecipe({ ...base, layers: base.layers.with(0, layer as never) });
  const spread = first({ ...conv, dilation: 2 });
  assert.throws(() => assertTfjsTrains(spread), /Layer 0 \(conv\).*dilation.*trainer "onnx"/);
  const grouped = readRecipe({
    ...base,
    layers: base.layers.with(4, { ...conv, groups: 2 }),
  });
  const trainer = await createTfjsTrainer(runtime, plain);
  await assert.rejects(trainer.train({ ...request(), recipe: grouped }), {
    code: 'unsupported',
    reason: /Layer 4 \(conv\) cannot be trained by tfjs: it has groups/,
  });
});

test('tfjs-node is taken where it starts, and what stands in its place says why', async () => {
  const { tf, engine } = await plain;
  assert.deepEqual(engine.library, 'tfjs');
  assert.match(engine.reason, /slow, because tfjs-node is not installed\./);
  const native = await loadTfjs(() => Promise.resolve({ ...tf, ready: () => Promise.resolve() }));
  assert.equal(native.engine.library, 'tfjs-node');
  const broken = await loadTfjs((name) =>
    name.endsWith('-node') ? Promise.reject(new Error('no libtensorflow\nat x')) : import(name),
  );
  assert.match(broken.engine.reason, /tfjs-node does not start: no libtensorflow$/);
});

/** Every file that a file of the hub loads without being asked. */
function loadedWith(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = readFileSync(file, 'utf8');
  for (const [, name = ''] of source.matchAll(
    /^(?:import|export|\}) (?!type)[^;]*?from '(\.[^']+)'/gms,
  )) {
    loadedWith(path.resolve(path.dirname(file), name), seen);
  }
  return seen;
}

test('a worker does not load tfjs unless a recipe asks for it', () => {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const loaded = loadedWith(path.join(here, 'worker/main.ts'));
  assert.ok(loaded.has(path.join(here, 'worker/work.ts')));
  assert.ok(loaded.has(path.join(here, 'steps/train.ts')));
  const own = readdirSync(path.join(here, 'adapters/tfjs'));
  assert.ok(own.length > 3);
  for (const file of loaded) assert.ok(!file.includes('adapters/tfjs/'), file);
});
