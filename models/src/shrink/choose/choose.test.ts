import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { writeModel } from '../../onnx/write.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { shrink } from '../shrink.ts';
import type { ShrinkProgress } from '../shrink-options.ts';
import { smallFeeds, smallNet } from '../testing/small-net.ts';
import { isBetter } from './candidates.ts';
import { holdOut } from './held-out.ts';

const runtime = createOnnxRuntime();

test('what is chosen answers at least as well as minmax, and every figure is told', async () => {
  const calibration = smallFeeds(8);
  const { report } = await shrink(smallNet(), { calibration, runtime, method: 'auto' });
  const tried = report.candidates ?? [];
  assert.deepEqual(
    tried.slice(0, 6).map(({ method, percentile }) => `${method} ${percentile ?? ''}`.trim()),
    ['minmax', 'percentile 99.999', 'percentile 99.99', 'percentile 99.9', 'mse', 'entropy'],
  );
  assert.ok(tried.some(({ equalize }) => equalize) && tried.some(({ correctBias }) => correctBias));
  const { how } = report;
  const won = tried.find(
    ({ method, percentile, equalize, correctBias }) =>
      method === how.method &&
      percentile === how.percentile &&
      equalize === how.equalize &&
      correctBias === how.correctBias,
  );
  assert.ok(won !== undefined);
  assert.ok(won.error <= (tried[0]?.error ?? 0));
  assert.ok(tried.every((candidate) => !('samples' in candidate)));
});

test('minmax stays where other ways differ by chance alone', async () => {
  const options = { runtime, method: 'auto' } as const;
  // Weights of eight bits spoil nothing here that a dozen samples could show.
  const { report } = await shrink(smallNet({ tame: true }), {
    ...{ ...options, calibration: smallFeeds(8) },
  });
  const [plain, ...others] = report.candidates ?? [];
  assert.ok(others.some(({ error }) => error < (plain?.error ?? 0)));
  assert.deepEqual(report.how, { method: 'minmax', equalize: false, correctBias: false });
});

test('the same data choose the same model, byte for byte', async () => {
  const run = () => shrink(smallNet(), { calibration: smallFeeds(5), runtime, method: 'auto' });
  const [one, two] = [await run(), await run()];
  assert.deepEqual(one.report.candidates, two.report.candidates);
  assert.deepEqual(writeModel(one.model), writeModel(two.model));
});

test('a step that is ruled out or in is not tried otherwise', async () => {
  const options = { calibration: smallFeeds(4), runtime, method: 'auto' } as const;
  const without = await shrink(smallNet(), { ...options, equalize: false, correctBias: false });
  assert.equal(without.report.candidates?.length, 6);
  const { report } = await shrink(smallNet(), { ...options, equalize: true, correctBias: true });
  assert.ok(report.candidates?.every(({ equalize, correctBias }) => equalize && correctBias));
  assert.deepEqual([report.how.equalize, report.how.correctBias], [true, true]);
});

test('how many ways are tried is known from the start', async () => {
  const seen: string[] = [];
  const onProgress = ({ stage, done, of }: ShrinkProgress): void => {
    if (stage === 'choose') seen.push(`${done} of ${of}`);
  };
  const options = { calibration: smallFeeds(4), runtime, method: 'auto', onProgress } as const;
  await shrink(smallNet(), options);
  assert.deepEqual([seen[0], seen.at(-1)], ['1 of 8', '8 of 8']);
  seen.length = 0;
  await shrink(smallNet(), { ...options, equalize: false, correctBias: false });
  assert.deepEqual([seen[0], seen.at(-1)], ['1 of 6', '6 of 6']);
});

test('one feed serves for ranges and for figures', async () => {
  const calibration = smallFeeds(1);
  const { report } = await shrink(smallNet(), { calibration, runtime, method: 'auto' });
  assert.ok((report.candidates?.length ?? 0) >= 7);
});

test('no feed is refused', async () => {
  const refused = shrink(smallNet(), { calibration: [], runtime, method: 'auto' });
  await assert.rejects(
    refused,
    (error) => error instanceof FleetError && error.code === 'insufficient-data',
  );
});

test('a fourth of the feeds is held out, of few the half, none is used twice, and at most 128 are', () => {
  const heldOutOf = new Map([
    [2, 1],
    [3, 1],
    [9, 4],
    [16, 4],
    [600, 128],
  ]);
  for (const [count, wanted] of heldOutOf) {
    const { calibration, heldOut } = holdOut(smallFeeds(count));
    assert.equal(heldOut.length, wanted, `${count}`);
    assert.ok(calibration.every((feed) => !heldOut.includes(feed)));
    assert.ok(calibration.length >= Math.floor(0.5 * count));
  }
});

test('a more elaborate way must gain enough to matter, and beyond chance', () => {
  const way = (...samples: number[]) => ({
    error: samples.reduce((sum, sample) => sum + sample, 0) / samples.length,
    samples: Float64Array.from(samples),
  });
  const plain = way(1, 2, 3, 4, 5, 6, 7, 8);
  const times = (factor: number) => way(...plain.samples.map((sample) => factor * sample));
  assert.equal(isBetter(times(0.7), plain), true);
  assert.equal(isBetter(times(0.99), plain), false);
  assert.equal(isBetter(times(0), times(0)), false);
  const [faint, none] = [way(...plain.samples.map((sample) => sample * 1e-5)), times(0)];
  assert.equal(isBetter(none, faint), false);
  // Less on average, because of a single sample.
  assert.equal(isBetter(way(1, 2, 3, 4, 5, 6, 7, 1), plain), false);
  assert.equal(isBetter(way(1), way(1, 2)), false);
  assert.equal(isBetter(way(1, 2), way(Infinity, 2)), true);
});
