import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '@edgewise/models/crypto';
import { FleetError, type SampleOffer } from '@edgewise/protocol';
import type { FieldSample, ModelInfo } from '@edgewise/protocol/http';
import sharp from 'sharp';
import { defaultPolicies } from '../registry/policies.ts';
import { createSignal } from '../signal.ts';
import { createMemoryBlobs } from '../store/adapters/memory-blobs.ts';
import { openDatabase } from '../store/open-database.ts';
import type { StoredEvent, Telemetry } from '../telemetry/telemetry.ts';
import { eventually } from '../testing/eventually.test.fixture.ts';
import { createManualClock } from '../testing/manual-clock.test.fixture.ts';
import { createSqliteFieldSampleRecords } from './adapters/sqlite-field-sample-records.ts';
import { createLabels } from './labels.ts';
import { drawSample } from './sample-picture.ts';

const digits: ModelInfo = {
  ...{ id: 'digits', classes: ['zero', 'one', 'two'], dataset: 'digits', recipe: 'r' },
  ...{ policies: defaultPolicies, createdAtMs: 1, latestVersion: 1 },
};

async function setUp() {
  const db = await openDatabase(':memory:');
  const onError = (thrown: unknown) => errors.push(thrown);
  const errors: unknown[] = [];
  const eventStored = createSignal<StoredEvent>(onError);
  const kept = new Map<string, Uint8Array>();
  const clock = createManualClock();
  const records = createSqliteFieldSampleRecords(db);
  const telemetry = {
    eventStored,
    fetchSample: (_: string, sample: string) => {
      const bytes = kept.get(sample);
      if (bytes === undefined) throw new FleetError('not-found', 'It is gone.');
      return Promise.resolve(bytes);
    },
  } as unknown as Telemetry;
  const labels = createLabels({
    ...{ records, blobs: createMemoryBlobs(), telemetry, clock, onError },
    model: () => Promise.resolve(digits),
    inputOf: () => Promise.resolve({ dims: [2, 2, 1], dtype: 'uint8' }),
    live: { emit: () => undefined },
  });
  labels.listen(({ offer }) =>
    Promise.resolve(offer.request === 'alarm-1' ? { alarm: 'alarm-1' } : undefined),
  );
  let sequence = 0;

  /** A device offers an input; resolves to its digest. */
  function offer(pixels: readonly number[], change: Partial<SampleOffer> = {}): string {
    const bytes = Uint8Array.from(pixels);
    const sample = sha256(bytes);
    kept.set(sample, bytes);
    const body: SampleOffer = {
      ...{ kind: 'sample', sample, sizeBytes: 4, parts: 1, model: 'digits', version: 1 },
      ...{ reason: 'random', predicted: 1, confidence: 0.4, request: 'alarm-1', ...change },
    };
    sequence++;
    eventStored.emit({ device: 'd1', event: { v: 1, epoch: 1, sequence, atMs: sequence, body } });
    return sample;
  }

  async function waiting(count: number): Promise<readonly FieldSample[]> {
    await eventually(`${count} samples`, async () => (await labels.countWaiting()) === count);
    return labels.queue({ limit: 1000 });
  }

  return {
    ...{ labels, records, offer, waiting, errors, kept },
    [Symbol.asyncDispose]: async () => {
      await labels[Symbol.asyncDispose]();
      await db.destroy();
    },
  };
}

test('a wanted sample is fetched, queued, labelled and taken back', async () => {
  await using hub = await setUp();
  const { labels } = hub;
  const sample = hub.offer([1, 2, 3, 4]);
  const [queued] = await hub.waiting(1);
  assert.deepEqual([queued?.sample, queued?.alarm, queued?.dims], [sample, 'alarm-1', [2, 2, 1]]);
  assert.deepEqual([...(await labels.content(sample))], [1, 2, 3, 4]);
  const labelled = await labels.label(sample, 2, 'ana');
  assert.deepEqual([labelled.status, labelled.label], ['labelled', 2]);
  assert.equal(await labels.countWaiting(), 0);
  const back = await labels.unlabel(sample);
  assert.deepEqual([back.status, back.label], ['waiting', null]);
});

test('what nobody asked for stays on the device, and a sample that is gone is reported', async () => {
  await using hub = await setUp();
  hub.offer([1, 1, 1, 1], { request: 'another' });
  const lost = hub.offer([2, 2, 2, 2]);
  hub.kept.delete(lost);
  hub.offer([3, 3, 3, 3]);
  assert.equal((await hub.waiting(1)).length, 1);
  await eventually('the report', () => hub.errors.length === 1);
});

test('an input of another size than the model takes is reported and joins nothing', async () => {
  await using hub = await setUp();
  hub.offer([1, 2, 3]);
  await eventually('the report', async () => hub.errors.length === 1);
  assert.equal(FleetError.from(hub.errors[0]).code, 'malformed');
  hub.offer([1, 2, 3, 4]);
  assert.equal((await hub.waiting(1)).length, 1);
});

test('the same input offered twice is one sample', async () => {
  await using hub = await setUp();
  hub.offer([1, 2, 3, 4]);
  hub.offer([1, 2, 3, 4]);
  hub.offer([4, 3, 2, 1]);
  assert.equal((await hub.waiting(2)).length, 2);
});

test('skipped samples count as answered and join no data set', async () => {
  await using hub = await setUp();
  const sample = hub.offer([1, 2, 3, 4]);
  await hub.waiting(1);
  await hub.labels.label(sample, null, 'ana');
  assert.equal((await hub.labels.ofAlarm('alarm-1')).skipped, 1);
  assert.deepEqual(await hub.records.labelled(['digits']), []);
});

test('half of the random labels judge and are never trained on; uncertain ones only teach', async () => {
  await using hub = await setUp();
  const [random, uncertain] = [300, 20];
  for (let at = 0; at < uncertain; at++) hub.offer([at, 9, 9, 9], { reason: 'uncertain' });
  for (let at = 0; at < random; at++) hub.offer([at % 256, at >> 8, 0, 0]);
  for (const { sample } of await hub.waiting(random + uncertain)) {
    await hub.labels.label(sample, 1, 'ana');
  }
  const labelled = await hub.records.labelled(['digits']);
  const gate = labelled.filter(({ use }) => use === 'gate');
  assert.equal(labelled.length, random + uncertain);
  assert.equal(gate.length, 120);
  assert.ok(gate.every(({ reason }) => reason === 'random'));
  const { randomErrors, gate: counted } = await hub.labels.ofAlarm('alarm-1');
  assert.deepEqual([randomErrors.length, counted], [random, 120]);
  assert.ok(randomErrors.every((wasWrong) => !wasWrong));
});

test('a class that the model does not have is refused', async () => {
  await using hub = await setUp();
  const sample = hub.offer([1, 2, 3, 4]);
  await hub.waiting(1);
  await assert.rejects(hub.labels.label(sample, 3, 'ana'), /classes 0 to 2, not 3/);
  await assert.rejects(hub.labels.get('0'.repeat(64)), { code: 'not-found' });
});

test('a picture has the pixels of the sample; a vector has none', async () => {
  const png = await drawSample(Uint8Array.of(0, 50, 100, 200), { dims: [2, 2, 1], dtype: 'uint8' });
  const { data } = await sharp(png).grayscale().raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([...data], [0, 50, 100, 200]);
  const planes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  const coloured = await drawSample(planes, { dims: [3, 2, 2], dtype: 'uint8' });
  const { data: rgb } = await sharp(coloured).raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([...rgb.subarray(0, 3)], [1, 5, 9]);
  const vector = { dims: [4], dtype: 'uint8' };
  await assert.rejects(drawSample(new Uint8Array(4), vector), { code: 'unsupported' });
});
