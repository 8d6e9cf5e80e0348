import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { completeRecipe, importBase, storedRecipe } from './base-models.ts';

const torchNet = await readFile(
  new URL('../../../models/fixtures/onnx/torch-cnn-17.onnx', import.meta.url),
);

const recipe = {
  ...{ name: 'tuned', task: 'classification', loss: 'softmax-cross-entropy' },
  ...{ optimizer: { kind: 'adam', rate: 0.01 }, schedule: { kind: 'constant' } },
  ...{ epochs: 1, batchSize: 20, seed: 2 },
};

test('an imported model says what it takes and what can be frozen, and is kept under its digest', async () => {
  const blobs = createMemoryBlobs();
  const { digest, sizeBytes, inputs, weights } = await importBase(torchNet, blobs);
  assert.deepEqual([sizeBytes, await blobs.size(digest)], [torchNet.length, torchNet.length]);
  assert.deepEqual(inputs[0]?.dims.slice(1), [1, 12, 12]);
  const complete = await completeRecipe(
    { ...recipe, base: { model: digest, classes: 3, freeze: [weights[0]] } },
    blobs,
  );
  assert.deepEqual(complete.input.shape, [1, 12, 12]);
  const stored = await blobs.put(new TextEncoder().encode(JSON.stringify(complete)));
  assert.deepEqual(await storedRecipe(stored, blobs), complete);
});

test('what is no model is not kept', async () => {
  const blobs = createMemoryBlobs();
  await assert.rejects(importBase(torchNet.subarray(0, 900), blobs), { code: 'malformed' });
});

test('a recipe whose model was never imported is refused', async () => {
  const blobs = createMemoryBlobs();
  for (const model of ['net.onnx', 'f'.repeat(64)]) {
    await assert.rejects(completeRecipe({ ...recipe, base: { model, classes: 3 } }, blobs), {
      code: 'not-found',
    });
  }
});
