import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeNpz } from '@edgewise/models/data';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openDatabase } from '../store/open-database.ts';
import { createManualClock } from '../testing/manual-clock.test.fixture.ts';
import { createSqliteDatasetRecords } from './adapters/sqlite-dataset-records.ts';
import { createDatasets } from './datasets.ts';
import { readSnapshot } from './read-snapshot.ts';
import type { Samples } from './samples.ts';
import { composeSnapshot, encodeSnapshot, type SnapshotSample } from './snapshot.ts';

async function setUp() {
  const db = await openDatabase(':memory:');
  const blobs = createMemoryBlobs();
  const field: SnapshotSample[] = [];
  const datasets = createDatasets({
    ...{ records: createSqliteDatasetRecords(db), blobs, clock: createManualClock() },
    field: {
      labelled: () => Promise.resolve(field),
      countLabelled: () => Promise.resolve(field.length),
    },
    modelsOf: () => Promise.resolve(['pumps']),
  });
  return { datasets, blobs, field, [Symbol.asyncDispose]: () => db.destroy() };
}

/** Samples of two numbers each; their labels go round. */
function npz(first: number, count: number, classes = 3): Uint8Array {
  const data = Uint8Array.from({ length: count * 2 }, (_, at) => first + at);
  const labels = Uint8Array.from({ length: count }, (_, at) => at % classes);
  return encodeNpz(
    new Map<string, Tensor>([
      ['x', tensor('uint8', [count, 2], data)],
      ['y', tensor('uint8', [count], labels)],
    ]),
  );
}

test('the first import makes the data set, later ones make it grow', async () => {
  await using hub = await setUp();
  const { datasets } = hub;
  const classes = ['low', 'middle', 'high'];
  const made = await datasets.importSamples('pumps', 'train', { npz: npz(0, 6), classes });
  assert.deepEqual([made.dims, made.dtype, made.classes], [[2], 'uint8', classes]);
  const grown = await datasets.importSamples('pumps', 'test', { npz: npz(50, 4) });
  assert.deepEqual(grown.counts, { train: 6, validation: 0, test: 4, field: 0 });
});

test('samples come out as they went in, or evenly spread ones of them', async () => {
  await using hub = await setUp();
  const { datasets } = hub;
  await datasets.importSamples('pumps', 'train', { npz: npz(0, 6) });
  await datasets.importSamples('pumps', 'train', { npz: npz(100, 4) });
  const rowsOf = ({ inputs, labels }: Samples): string[] =>
    [...labels].map((label, row) => `${inputs.data[2 * row]} ${inputs.data[2 * row + 1]} ${label}`);
  const all = rowsOf(await datasets.exportSamples('pumps', 'train'));
  assert.equal(all.length, 10);
  assert.ok(all.includes('10 11 2') && all.includes('100 101 0') && all.includes('106 107 0'));
  const some = rowsOf(await datasets.exportSamples('pumps', 'train', 5));
  assert.deepEqual(
    some,
    all.filter((_, at) => at % 2 === 0),
  );
  const none = datasets.exportSamples('pumps', 'test');
  await assert.rejects(none, { code: 'insufficient-data', message: /part test/ });
});

test('the same bytes twice count once', async () => {
  await using hub = await setUp();
  const { datasets } = hub;
  await datasets.importSamples('pumps', 'train', { npz: npz(0, 6) });
  const { counts } = await datasets.importSamples('pumps', 'train', { npz: npz(0, 6) });
  assert.equal(counts.train, 6);
});

test('equal states have one snapshot, whatever the order in which they came about', async () => {
  await using one = await setUp();
  await using other = await setUp();
  const [a, b] = [npz(0, 6), npz(100, 6)];
  for (const bytes of [a, b]) await one.datasets.importSamples('pumps', 'train', { npz: bytes });
  for (const bytes of [b, a]) await other.datasets.importSamples('pumps', 'train', { npz: bytes });
  const first = await one.datasets.snapshot('pumps');
  assert.equal((await other.datasets.snapshot('pumps')).digest, first.digest);
  assert.equal((await one.datasets.snapshot('pumps')).digest, first.digest);
  assert.equal((await one.datasets.snapshots('pumps')).length, 1);
});

test('a snapshot stays as it was when its data set grows', async () => {
  await using hub = await setUp();
  const { datasets, blobs } = hub;
  await datasets.importSamples('pumps', 'train', { npz: npz(0, 6) });
  const before = await datasets.snapshot('pumps');
  await datasets.importSamples('pumps', 'train', { npz: npz(100, 6) });
  assert.notEqual((await datasets.snapshot('pumps')).digest, before.digest);
  assert.equal((await readSnapshot(blobs, before.digest)).train.labels.length, 6);
});

test('labelled samples from devices are part of a snapshot', async () => {
  await using hub = await setUp();
  const { datasets, blobs, field } = hub;
  await datasets.importSamples('pumps', 'train', { npz: npz(0, 6) });
  const without = await datasets.snapshot('pumps');
  const sample = await blobs.put(Uint8Array.of(7, 9));
  field.push({
    ...{ sample, label: 2, device: 'd1', reason: 'random', use: 'gate', alarm: null },
  });
  const { digest, counts } = await datasets.snapshot('pumps');
  assert.notEqual(digest, without.digest);
  assert.equal(counts.field, 1);
  const data = await readSnapshot(blobs, digest);
  assert.deepEqual([...data.field.inputs.data], [7, 9]);
  assert.deepEqual([[...data.field.labels], data.origins[0]?.use], [[2], 'gate']);
});

test('what does not belong is refused with the place and the reason', async () => {
  await using hub = await setUp();
  const { datasets } = hub;
  await datasets.importSamples('pumps', 'train', { npz: npz(0, 6) });
  const wider = encodeNpz(
    new Map<string, Tensor>([
      ['x', tensor('uint8', [1, 3], new Uint8Array(3))],
      ['y', tensor('uint8', [1], new Uint8Array(1))],
    ]),
  );
  const unlabelled = encodeNpz(new Map([['x', tensor('uint8', [1, 2], new Uint8Array(2))]]));
  const wrong = [
    [wider, /holds uint8 inputs of \[2\], these are uint8 of \[3\]/],
    [npz(0, 5, 5), /y\[3\] is 3, but data set "pumps" has the classes 0 to 2/],
    [unlabelled, /holds x; it needs x \(inputs\) and y/],
  ] as const;
  for (const [bytes, message] of wrong) {
    await assert.rejects(datasets.importSamples('pumps', 'train', { npz: bytes }), message);
  }
  await assert.rejects(datasets.snapshot('ghost'), { code: 'not-found' });
});

test('the bytes of a snapshot do not depend on the order of what it names', () => {
  const facts = { id: 'pumps', dims: [2], dtype: 'uint8', classes: ['a'], createdAtMs: 1 };
  const shards = ['b', 'a'].map((digest) => ({ part: 'train' as const, digest, samples: 1 }));
  const field = ['d', 'c'].map(
    (sample): SnapshotSample => ({
      ...{ sample, label: 0, device: 'd1', reason: 'random', use: 'train', alarm: null },
    }),
  );
  const one = composeSnapshot(facts, shards, field);
  const other = composeSnapshot(facts, shards.toReversed(), field.toReversed());
  assert.deepEqual(encodeSnapshot(one), encodeSnapshot(other));
});
