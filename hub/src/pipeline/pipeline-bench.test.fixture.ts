import { createSigner, generateKey } from '@edgewise/models/crypto';
import { encodeNpz } from '@edgewise/models/data';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import type { Run } from '@edgewise/protocol/http';
import type { Clock } from '../clock.ts';
import { createSqliteDatasetRecords } from '../datasets/adapters/sqlite-dataset-records.ts';
import { createDatasets, type Datasets } from '../datasets/datasets.ts';
import { createSqliteRegistryRecords } from '../registry/adapters/sqlite-registry-records.ts';
import { createRegistry, type Registry } from '../registry/registry.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../store/open-database.ts';
import { createManualClock } from '../testing/manual-clock.test.fixture.ts';
import { createSqliteRunRecords } from './adapters/sqlite-run-records.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { Worker } from './worker.ts';

/** A recipe for 8 x 8 images of two kinds that trains in a second. */
export const tinyRecipe = {
  ...{ name: 'stripes', task: 'classification', loss: 'softmax-cross-entropy' },
  input: { shape: [8, 8, 1], layout: 'hwc', dtype: 'uint8', scale: 0.004 },
  layers: [
    { kind: 'conv', filters: 4, kernel: 3 },
    { kind: 'relu' },
    { kind: 'maxpool', size: 2 },
    { kind: 'flatten' },
    { kind: 'dense', units: 8 },
    { kind: 'relu' },
    { kind: 'dense', units: 2 },
  ],
  optimizer: { kind: 'adam', rate: 0.01 },
  ...{ schedule: { kind: 'constant' }, epochs: 4, batchSize: 16, seed: 1 },
};

/** Images with stripes across (class 0) or down (class 1), under noise that repeats. */
export function stripes(count: number, seed: number): Uint8Array {
  const data = new Uint8Array(count * 64);
  const labels = new Uint8Array(count);
  let state = seed;
  for (let at = 0; at < count; at++) {
    labels[at] = at % 2;
    for (let pixel = 0; pixel < 64; pixel++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const line = at % 2 === 0 ? pixel >> 3 : pixel & 7;
      data[at * 64 + pixel] = (line % 3 === at % 3 ? 160 : 20) + (state >>> 26);
    }
  }
  return encodeNpz(
    new Map<string, Tensor>([
      ['x', tensor('uint8', [count, 8, 8, 1], data)],
      ['y', tensor('uint8', [count], labels)],
    ]),
  );
}

/** Registry, data sets and pipeline over one store, joined as in a hub. */
export interface PipelineBench extends AsyncDisposable {
  readonly registry: Registry;
  readonly runs: Run[];
  /** A pipeline; a second one is that of the next process. */
  start(): Pipeline;
  /** What other parts over the same store stand on. */
  readonly parts: {
    readonly db: Database;
    readonly datasets: Datasets;
    readonly clock: Clock;
    readonly onError: (thrown: unknown) => void;
  };
}

/** Sets a bench up; `file` and `keys` let a second one find what the first has left. */
export async function createPipelineBench(options: {
  readonly worker: Worker;
  readonly blobs: BlobStore;
  readonly blobFolder?: string;
  readonly file?: string;
  readonly privateKeyPem?: string;
}): Promise<PipelineBench> {
  const { worker, blobs, blobFolder = '', file = ':memory:' } = options;
  const db = await openDatabase(file);
  const clock = createManualClock();
  const runs: Run[] = [];
  const live = { emit: (event: { kind: string }) => 'run' in event && runs.push(event.run as Run) };
  const onError = (thrown: unknown): never => {
    throw thrown;
  };
  const datasets = createDatasets({
    ...{ records: createSqliteDatasetRecords(db), blobs, clock },
    field: { labelled: () => Promise.resolve([]), countLabelled: () => Promise.resolve(0) },
    modelsOf: () => Promise.resolve([]),
  });
  const registry = createRegistry({
    ...{ records: createSqliteRegistryRecords(db), blobs, clock, onError },
    live: { emit: () => undefined },
    dataset: (dataset) => datasets.get(dataset),
    devices: () => Promise.resolve([]),
  });
  await datasets.importSamples('stripes', 'train', { npz: stripes(600, 1) });
  await datasets.importSamples('stripes', 'test', { npz: stripes(200, 2) });
  await registry.putModel('stripes', { dataset: 'stripes', recipe: tinyRecipe });
  const signer = createSigner(options.privateKeyPem ?? generateKey().privateKeyPem);
  return {
    registry,
    runs,
    parts: { db, datasets, clock, onError },
    start: () =>
      createPipeline({
        ...{ records: createSqliteRunRecords(db), blobs, blobFolder, registry, datasets },
        ...{ worker, signer, clock, live, onError },
        deviceClasses: () => Promise.resolve(['arm64']),
      }),
    [Symbol.asyncDispose]: () => db.destroy(),
  };
}
