import type { LiveEvent, Sweep, SweepSpec } from '@edgewise/protocol/http';
import { localWorker } from '../pipeline/local-worker.test.fixture.ts';
import {
  createPipelineBench,
  type PipelineBench,
} from '../pipeline/pipeline-bench.test.fixture.ts';
import type { Worker } from '../pipeline/worker.ts';
import type { BlobStore } from '../store/blobs.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { createSqliteSweepRecords } from './adapters/sqlite-sweep-records.ts';
import { type LocalTrials, localTrials } from './local-trials.test.fixture.ts';
import type { SweepRecords } from './sweep-records.ts';
import { createSweeps, type Sweeps } from './sweeps.ts';

/** One rate that learns nothing, one that learns, one that diverges into nothing useful. */
const rates = { 'optimizer.rate': { values: [1e-7, 0.01, 1e-6] } };
export const grid: SweepSpec = { method: 'grid', parameters: rates };

/** Pipeline and sweeps over one store. */
export interface SweepBench extends AsyncDisposable {
  readonly base: PipelineBench;
  readonly pipeline: ReturnType<PipelineBench['start']>;
  readonly events: LiveEvent[];
  readonly trials: LocalTrials;
  readonly records: SweepRecords;
  /** Sweeps; a second one is that of the next process. */
  start(records?: SweepRecords): Sweeps;
}

/** Sets a bench up; `trials` and `worker` train in this process by default. */
export async function createSweepBench(
  blobs: BlobStore,
  trials: LocalTrials = localTrials(blobs),
  worker: Worker = localWorker(blobs).worker,
): Promise<SweepBench> {
  const base = await createPipelineBench({ worker, blobs });
  const pipeline = base.start();
  const events: LiveEvent[] = [];
  const { db, datasets, clock, onError } = base.parts;
  const stored = createSqliteSweepRecords(db);
  return {
    ...{ base, pipeline, events, trials, records: stored },
    start: (records = stored) =>
      createSweeps({
        ...{ records, blobs, blobFolder: '', datasets, pipeline },
        ...{ registry: base.registry, worker: trials.worker, clock, onError },
        live: { emit: (event) => void events.push(event) },
      }),
    async [Symbol.asyncDispose]() {
      await pipeline[Symbol.asyncDispose]();
      await base[Symbol.asyncDispose]();
    },
  };
}

/** A sweep as it stands when it has ended. */
export async function ended(sweeps: Sweeps, { id }: Sweep): Promise<Sweep> {
  await eventually(`the end of ${id}`, async () => (await sweeps.get(id)).finishedAtMs !== null);
  return sweeps.get(id);
}

/** Of the last round of a trial. */
export const accuracyOf = ({ trials }: Sweep, number: number): number =>
  trials[number - 1]?.results.at(-1)?.accuracy ?? 0;
