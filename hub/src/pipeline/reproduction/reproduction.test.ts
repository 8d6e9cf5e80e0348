import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '@edgewise/protocol/http';
import { decodeSnapshot } from '../../datasets/snapshot.ts';
import { createMemoryBlobs } from '../../store/adapters/memory-blobs.ts';
import type { BlobStore } from '../../store/blobs.ts';
import { eventually } from '../../testing/eventually.test.fixture.ts';
import { localWorker } from '../local-worker.test.fixture.ts';
import type { Pipeline } from '../pipeline.ts';
import { createPipelineBench, stripes } from '../pipeline-bench.test.fixture.ts';
import type { StepResults } from '../step-results.ts';
import type { Worker } from '../worker.ts';
import { compareArtifacts } from './compare-artifacts.ts';

async function ended(pipeline: Pipeline, { id }: Run): Promise<Run> {
  await eventually(`the end of ${id}`, async () => (await pipeline.get(id)).finishedAtMs !== null);
  return pipeline.get(id);
}

/** A worker whose float graphs have one bit flipped once `isOn` says so. */
function flipping(blobs: BlobStore, isOn: () => boolean): Worker {
  const { worker } = localWorker(blobs);
  return {
    run: (order, listener, signal) =>
      worker.run(
        order,
        {
          ...listener,
          async result(step, digest) {
            if (step !== 'train' || !isOn()) return listener.result(step, digest);
            const result = await readJson<StepResults['train']>(blobs, digest);
            const graph = (await blobs.get(result.model)).slice();
            graph[graph.length >> 1] = (graph[graph.length >> 1] ?? 0) ^ 1;
            const changed = { ...result, model: await blobs.put(graph) };
            const bytes = new TextEncoder().encode(JSON.stringify(changed));
            return listener.result(step, await blobs.put(bytes));
          },
        },
        signal,
      ),
  };
}

const readJson = async <T>(blobs: BlobStore, digest: string): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await blobs.get(digest))) as T;

test('a repeated run has the same bytes and leaves no version', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await using pipeline = bench.start();
  const original = await ended(pipeline, await pipeline.start({ model: 'stripes' }));
  const repeated = await ended(pipeline, await pipeline.reproduce(original.id));
  const { reproduction } = repeated;
  assert.deepEqual([repeated.status, repeated.version, repeated.error], ['done', null, null]);
  assert.equal(repeated.reproduces, original.id);
  assert.deepEqual([reproduction?.equal, reproduction?.first], [true, null]);
  assert.ok(repeated.metrics.length > 0);
  const names = reproduction?.artifacts.map(({ name }) => name) ?? [];
  for (const name of ['float graph', 'int8 graph u8s8', 'bundle x64: graph.onnx'])
    assert.ok(names.includes(name), names.join());
  assert.match(reproduction?.builds.repeated ?? '', /onnxruntime/);
  assert.equal((await bench.registry.versions('stripes')).length, 1);
  const next = await ended(pipeline, await pipeline.start({ model: 'stripes' }));
  assert.equal(next.version, 2);
});

test('one other bit in the float graph is named first', async () => {
  const blobs = createMemoryBlobs();
  let isOn = false;
  await using bench = await createPipelineBench({ worker: flipping(blobs, () => isOn), blobs });
  await using pipeline = bench.start();
  const original = await ended(pipeline, await pipeline.start({ model: 'stripes' }));
  isOn = true;
  const { status, reproduction } = await ended(pipeline, await pipeline.reproduce(original.id));
  assert.deepEqual([status, reproduction?.equal], ['done', false]);
  assert.equal(reproduction?.first, 'float graph');
});

test('a run is repeated on its own snapshot, whatever has come to the data set since', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await using pipeline = bench.start();
  const original = await ended(pipeline, await pipeline.start({ model: 'stripes' }));
  await bench.parts.datasets.importSamples('stripes', 'train', { npz: stripes(100, 7) });
  const { reproduction } = await ended(pipeline, await pipeline.reproduce(original.id));
  assert.equal(reproduction?.equal, true);
});

test('a run that has lost what it was made of is refused with what is gone, and nothing is queued', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await using pipeline = bench.start();
  const original = await ended(pipeline, await pipeline.start({ model: 'stripes' }));
  const { shards } = decodeSnapshot(await blobs.get(original.snapshot));
  const [shard = ''] = shards.train;
  const bytes = await blobs.get(shard);
  await blobs.remove(shard);
  await assert.rejects(pipeline.reproduce(original.id), {
    code: 'not-found',
    message: new RegExp(`a part of its data is gone from the hub's store \\(blob ${shard}`),
  });
  await blobs.put(bytes);
  await blobs.remove(original.snapshot);
  await assert.rejects(pipeline.reproduce(original.id), /its snapshot of the data set is gone/);
  assert.equal((await pipeline.list({ limit: 9 })).length, 1);
});

test('only a finished run that is no repetition can be repeated', async () => {
  const blobs = createMemoryBlobs();
  await using bench = await createPipelineBench({ ...localWorker(blobs), blobs });
  await using pipeline = bench.start();
  const original = await pipeline.start({ model: 'stripes' });
  await assert.rejects(pipeline.reproduce(original.id), { code: 'conflict' });
  await assert.rejects(pipeline.reproduce('ghost'), { code: 'not-found' });
  await ended(pipeline, original);
  const repeated = await pipeline.reproduce(original.id);
  await assert.rejects(pipeline.reproduce(repeated.id), { code: 'invalid-argument' });
  await ended(pipeline, repeated);
});

test('an artifact that only one run has differs', () => {
  const outcome = (...names: readonly string[]) => ({
    artifacts: names.map((name) => ({ name, digest: name })),
    build: null,
  });
  const { first, artifacts } = compareArtifacts(outcome('a', 'b'), outcome('a', 'c'));
  assert.equal(first, 'b');
  assert.deepEqual(artifacts.at(-1), { name: 'c', recorded: null, repeated: 'c', equal: false });
});
