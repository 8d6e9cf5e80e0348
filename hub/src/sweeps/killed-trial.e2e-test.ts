import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Sweep, SweepSpec } from '@edgewise/protocol/http';
import { createForkedWorker } from '../pipeline/adapters/forked-worker.ts';
import { createPipelineBench, tinyRecipe } from '../pipeline/pipeline-bench.test.fixture.ts';
import type { TrialOrder } from '../pipeline/worker/messages.ts';
import type { Worker } from '../pipeline/worker.ts';
import { createFileBlobs } from '../store/adapters/file-blobs.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { createSqliteSweepRecords } from './adapters/sqlite-sweep-records.ts';
import { createSweeps } from './sweeps.ts';

/** Long enough for a checkpoint on the way. */
const recipe = { ...tinyRecipe, epochs: 12 };
const spec: SweepSpec = {
  ...{ method: 'grid', workers: 2 },
  parameters: { 'optimizer.rate': { values: [0.01, 0.001] } },
};

async function sweepOnce(t: TestContext, worker: Worker<TrialOrder>): Promise<Sweep> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-sweep-'));
  t.after(() => rm(folder, { recursive: true }));
  const blobs = await createFileBlobs(folder);
  await using bench = await createPipelineBench({
    ...{ worker: createForkedWorker(), blobs, blobFolder: folder },
  });
  const { registry, parts } = bench;
  await registry.putModel('stripes', { dataset: 'stripes', recipe });
  const { db, datasets, clock, onError } = parts;
  await using sweeps = createSweeps({
    ...{ records: createSqliteSweepRecords(db), blobs, blobFolder: folder, registry, datasets },
    ...{ worker, clock, onError, live: { emit: () => undefined } },
    pipeline: { startPrepared: () => Promise.resolve({} as never) },
  });
  const { id } = await sweeps.start({ model: 'stripes', sweep: spec });
  await eventually('the end', async () => (await sweeps.get(id)).finishedAtMs !== null);
  return await sweeps.get(id);
}

/** Process ids of this process's children (Linux). */
async function children(): Promise<readonly number[]> {
  const list = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  return list.trim().split(/\s+/).filter(Boolean).map(Number);
}

test('trials of processes that are killed find what they would have found', async (t) => {
  const forked = createForkedWorker();
  let killed = 0;
  const orders: TrialOrder[] = [];
  const disturbed = await sweepOnce(t, {
    run(order, listener, signal) {
      orders.push(order);
      const checkpoint = async (digest: string) => {
        await listener.checkpoint(digest);
        if (killed > 0) return;
        // Counted first: the other worker may tell of its own checkpoint meanwhile.
        killed++;
        for (const pid of await children()) process.kill(pid, 'SIGKILL');
      };
      return forked.run(order, { ...listener, checkpoint }, signal);
    },
  });
  assert.equal(killed, 1);
  assert.ok(orders.length > 2 && orders.some(({ checkpoint }) => checkpoint !== undefined));
  const undisturbed = await sweepOnce(t, forked);
  const found = ({ trials }: Sweep) => trials.map(({ results }) => results);
  assert.deepEqual(found(disturbed), found(undisturbed));
  assert.equal(disturbed.status, 'done');
});
