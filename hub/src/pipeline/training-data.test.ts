import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Tensor, tensor } from '@edgewise/models/tensor';
import type { Dataset } from '@edgewise/protocol/http';
import type { SnapshotData } from '../datasets/read-snapshot.ts';
import type { Samples } from '../datasets/samples.ts';
import type { SnapshotSample } from '../datasets/snapshot.ts';
import { balanceField, chooseReplay } from './replay.ts';
import { assertFilled, assertJudgeable, divide } from './training-data.ts';

/** Samples of one number each, which names them. */
function samples(first: number, labels: readonly number[]): Samples {
  const data = Float32Array.from(labels, (_, at) => first + at);
  const inputs: Tensor = tensor('float32', [labels.length, 1], data);
  return { inputs, labels: Int32Array.from(labels) };
}

const origin = (use: 'train' | 'gate', reason: 'random' | 'uncertain'): SnapshotSample => ({
  ...{ sample: 's', label: 0, device: 'd', alarm: null, use, reason },
});

function snapshot(change: Partial<SnapshotData> = {}): SnapshotData {
  const round = (count: number) => Array.from({ length: count }, (_, at) => at % 2);
  return {
    document: {} as SnapshotData['document'],
    train: samples(0, round(24)),
    validation: samples(0, []),
    test: samples(1000, round(6)),
    field: samples(2000, [0, 1, 0]),
    origins: [origin('train', 'random'), origin('gate', 'random'), origin('train', 'uncertain')],
    ...change,
  };
}

const numbers = ({ inputs }: Samples): number[] => [...(inputs.data as Float32Array)];

test('without a validation part every twelfth sample is held out', () => {
  const { train, validation } = divide(snapshot(), { seed: 1, retrain: false });
  assert.deepEqual(numbers(validation), [11, 23]);
  assert.ok(!numbers(train).includes(11));
});

test('a recipe says how large a share is held out, evenly spread; a validation part comes first', () => {
  const options = { seed: 1, retrain: false, validationSplit: 0.25 };
  const { train, validation } = divide(snapshot(), options);
  assert.deepEqual(numbers(validation), [3, 7, 11, 15, 19, 23]);
  assert.deepEqual([numbers(train).length, numbers(train).includes(3)], [18 + 2, false]);
  const own = divide(snapshot({ validation: samples(500, [0, 1]) }), options);
  assert.deepEqual([numbers(own.validation), own.train.labels.length], [[500, 501], 24 + 2]);
});

test('samples of the gate are never trained on, first training or not', () => {
  for (const retrain of [false, true]) {
    const { train, gate } = divide(snapshot(), { seed: 1, retrain });
    assert.deepEqual(numbers(gate), [2001]);
    assert.ok(!numbers(train).includes(2001));
    assert.ok(numbers(train).includes(2000) && numbers(train).includes(2002));
  }
});

test('the drifted population is known from the random samples alone', () => {
  const { drifted } = divide(snapshot(), { seed: 1, retrain: true });
  assert.deepEqual(numbers(drifted), [2000, 2001]);
});

test('the test part teaches nobody', () => {
  const { train, validation, test: measured } = divide(snapshot(), { seed: 1, retrain: true });
  assert.equal(measured.labels.length, 6);
  assert.ok(
    [...numbers(train), ...numbers(validation)].every((number) => number < 1000 || number >= 2000),
  );
});

test('a retraining sees old and new samples alike, and of the new each class alike', () => {
  const labels = Int32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1);
  const places = balanceField(labels, 40);
  const ones = places.filter((place) => labels[place] === 1).length;
  assert.deepEqual([places.length, ones], [40, 20]);
});

test('a single sample is not shown without end', () => {
  assert.equal(balanceField(Int32Array.of(0), 10_000).length, 24);
});

test('replay takes as many of each class, the same for the same seed', () => {
  const labels = Int32Array.from({ length: 30_000 }, (_, at) => (at % 10 === 0 ? 1 : 0));
  const places = chooseReplay(labels, 3);
  const ones = places.filter((place) => labels[place] === 1).length;
  assert.deepEqual([places.length - ones, ones], [8000, 3000]);
  assert.equal(new Set(places).size, places.length);
  assert.deepEqual(chooseReplay(labels, 3), places);
  assert.notDeepEqual(chooseReplay(labels, 4), places);
});

const dataset = (train: number, validation: number, field = 0): Dataset => ({
  ...{ id: 'few', dims: [1], dtype: 'uint8', classes: ['a'], createdAtMs: 1 },
  counts: { train, validation, test: 0, field },
});

test('a data set that has or lends less than two samples for validation judges nothing', () => {
  const plain = { batchSize: 1 };
  assert.throws(
    () => assertJudgeable(dataset(23, 0), plain),
    /"few" has 23 training samples and 0 for validation, .*import 24 or more, or 2 or more into/,
  );
  assertJudgeable(dataset(24, 0), plain);
  assert.throws(
    () => assertJudgeable(dataset(100, 1), plain),
    /100 training samples and 1 for validation, .*: import 2 or more into its part "validation"/,
  );
  assertJudgeable(dataset(1, 2), plain);
});

test('how many samples it must lend follows the share that the recipe holds out', () => {
  for (const validationSplit of [0.5, 0.25, 0.3, 0.1, 0.07, 0.01]) {
    const recipe = { batchSize: 1, validationSplit };
    const least = Math.ceil(2 / validationSplit);
    const heldOut = (count: number) => {
      const train = samples(0, new Array(count).fill(0));
      const { validation } = divide(snapshot({ train }), {
        seed: 1,
        retrain: false,
        validationSplit,
      });
      return validation.labels.length;
    };
    assert.deepEqual([heldOut(least - 1), heldOut(least)], [1, 2]);
    assertJudgeable(dataset(least, 0), recipe);
    assert.throws(
      () => assertJudgeable(dataset(least - 1, 0), recipe),
      new RegExp(`import ${least} or more`),
    );
  }
});

test('a data set that fills no batch is refused, with the size that it would fill', () => {
  const refusal = (held: string, most: number) =>
    new RegExp(`has 30 training samples${held}: .*"batchSize" of 32 to ${most} or less`);
  const recipe = { batchSize: 32 };
  assert.throws(() => assertFilled(dataset(30, 5), recipe), refusal('', 30));
  assert.throws(
    () => assertFilled(dataset(30, 0), recipe),
    refusal(', of which 2 are held out.*', 28),
  );
  assert.throws(
    () => assertFilled(dataset(30, 0), { ...recipe, validationSplit: 0.5 }),
    refusal(', of which 15 are held out.*', 15),
  );
  assertFilled(dataset(30, 0, 4), recipe);
  assertFilled(dataset(32, 1), recipe);
});
