import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@edgewise/hub/client';
import { encodeNpz } from '@edgewise/models/data';
import { createRandom, shuffled } from '@edgewise/models/random';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import type { DatasetPart, ModelVersion } from '@edgewise/protocol/http';
import { figureOf, followRun, versionOf } from './follow.ts';
import { cut, type Digits, pick, readTest, readTraining } from './mnist.ts';
import { percent } from './say.ts';
import { name, type Scene } from './scene.ts';

const validationCount = 5000;
const windowSamples = 100;
/** Samples of one request. */
const importedAtOnce = 5000;

/** Imports the 60,000 training images, a part of them for validation, and the 10,000 of the test. */
export async function importDigits({ hub: { client }, seed }: Scene): Promise<void> {
  const train = await readTraining();
  const order = shuffled(train.count, createRandom(seed));
  const parts = {
    train: pick(train, order.slice(validationCount)),
    validation: pick(train, order.slice(0, validationCount)),
    test: await readTest(),
  };
  for (const [part, digits] of Object.entries(parts)) {
    for (let start = 0; start < digits.count; start += importedAtOnce) {
      await importPart(client, part as keyof typeof parts, cut(digits, start, importedAtOnce));
    }
  }
}

async function importPart(
  client: Client,
  part: DatasetPart,
  { images, labels, count }: Digits,
): Promise<void> {
  const arrays = new Map<string, Tensor>([
    ['x', tensor('uint8', [count, 28, 28, 1], images)],
    ['y', tensor('uint8', [count], labels)],
  ]);
  await client.call('importSamples', {
    params: { dataset: name },
    query: { part, classes: '0,1,2,3,4,5,6,7,8,9' },
    body: encodeNpz(arrays),
  });
}

/** Registers the model and trains its first version. */
export async function trainFirst(
  scene: Scene,
): Promise<ModelVersion & { readonly imagesPerSecond: number }> {
  const { hub, seed, say } = scene;
  const recipe: unknown = JSON.parse(
    await readFile(path.join(import.meta.dirname, '../../../models/recipes/digits.json'), 'utf8'),
  );
  await hub.client.call('putModel', {
    params: { model: name },
    body: {
      dataset: name,
      recipe,
      policies: {
        windowSamples,
        windowMinSpanMs: 0,
        windowMaxSpanMs: 10_000,
        alarmThreshold: 10_000,
        labelBudget: 1000,
        autoRetrain: true,
        predictions: 'qos0',
      },
    },
  });
  const run = await hub.client.call('startRun', { body: { model: name, seed } });
  const done = await followRun(scene, run.id);
  const version = await versionOf(scene, done);
  say.fact(
    `fp32 ${percent(figureOf(version.fp32.accuracy))} on 10,000 test images (${version.fp32.graphBytes} bytes), ${Math.round(done.imagesPerSecond ?? 0)} images/s`,
  );
  for (const variant of version.variants) {
    say.fact(
      `int8 ${percent(figureOf(variant.accuracy))} for ${variant.deviceClass} (${variant.graphBytes} bytes, bundle ${variant.bundleBytes})`,
    );
  }
  return { ...version, imagesPerSecond: done.imagesPerSecond ?? 0 };
}
