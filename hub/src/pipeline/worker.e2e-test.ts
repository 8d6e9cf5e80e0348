import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { readManifest } from '@edgewise/models/bundle';
import { createFileBlobs } from '../store/adapters/file-blobs.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { createForkedWorker } from './adapters/forked-worker.ts';
import { createPipelineBench, tinyRecipe } from './pipeline-bench.test.fixture.ts';
import type { Worker } from './worker.ts';

/** Long enough for checkpoints. */
const longRecipe = { ...tinyRecipe, epochs: 30 };

/** A forked worker that is disturbed once its `nth` checkpoint is kept, before it may go on. */
function disturbedAt(nth: number, disturb: () => Promise<void>): Worker {
  const worker = createForkedWorker();
  let kept = 0;
  return {
    run: (order, listener, signal) =>
      worker.run(
        order,
        {
          ...listener,
          checkpoint: async (digest) => {
            await listener.checkpoint(digest);
            kept++;
            if (kept === nth) await disturb();
          },
        },
        signal,
      ),
  };
}

async function runOnce(t: TestContext, worker: Worker, recipe: object = longRecipe) {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-run-'));
  t.after(() => rm(folder, { recursive: true }));
  const blobs = await createFileBlobs(folder);
  await using bench = await createPipelineBench({ worker, blobs, blobFolder: folder });
  await bench.registry.putModel('stripes', { dataset: 'stripes', recipe });
  await using pipeline = bench.start();
  const { id } = await pipeline.start({ model: 'stripes' });
  await eventually('the end', async () => {
    const { status, error } = await pipeline.get(id);
    assert.equal(error, null);
    return status === 'done';
  });
  const { fp32, variants } = await bench.registry.version('stripes', 1);
  const graphs: string[] = [];
  for (const { bundle } of variants) {
    const files = readManifest(await blobs.get(bundle.manifest)).blobs;
    graphs.push(files.find(({ name }) => name === 'graph.onnx')?.sha256 ?? '');
  }
  const { trainer, metrics } = await pipeline.get(id);
  return { fp32, graphs, trainer, metrics };
}

/** Process ids of this process's children (Linux). */
async function children(): Promise<readonly number[]> {
  const list = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  return list.trim().split(/\s+/).filter(Boolean).map(Number);
}

test('a training process that is killed gives the same weights after all', async (t) => {
  const { fp32: undisturbed } = await runOnce(t, createForkedWorker());
  let killed = 0;
  const { fp32: disturbed } = await runOnce(
    t,
    disturbedAt(2, async () => {
      for (const pid of await children()) {
        process.kill(pid, 'SIGKILL');
        killed++;
      }
    }),
  );
  assert.ok(killed > 0);
  assert.equal(disturbed.digest, undisturbed.digest);
});

test('a training for few bits that is killed gives the same variants, and one learning curve', async (t) => {
  const recipe = { ...longRecipe, quantization: { weightBits: 3, epochs: 16 } };
  const undisturbed = await runOnce(t, createForkedWorker(), recipe);
  let killed = 0;
  // Four checkpoints are of the float training.
  const worker = disturbedAt(5, async () => {
    for (const pid of await children()) {
      process.kill(pid, 'SIGKILL');
      killed++;
    }
  });
  const disturbed = await runOnce(t, worker, recipe);
  assert.ok(killed > 0);
  assert.equal(disturbed.fp32.digest, undisturbed.fp32.digest);
  assert.ok(undisturbed.graphs.every((digest) => digest !== ''));
  assert.deepEqual(disturbed.graphs, undisturbed.graphs);
  assert.deepEqual(disturbed.metrics, undisturbed.metrics);
  assert.equal(undisturbed.metrics.at(-1)?.epoch, 46);
});

test('a recipe that names tfjs is trained by it, for few bits too, and the run says with what and why', async (t) => {
  const quantization = { weightBits: 4, epochs: 2 };
  const recipe = { ...tinyRecipe, trainer: 'tfjs', quantization };
  const { fp32, trainer, metrics } = await runOnce(t, createForkedWorker(), recipe);
  assert.equal(metrics.at(-1)?.epoch, 6);
  assert.equal(trainer?.trainer, 'tfjs');
  assert.match(trainer?.reason ?? '', /tfjs-node/);
  assert.ok((fp32.accuracy ?? 0) > 0.95);
});
