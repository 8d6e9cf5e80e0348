import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { writeModel } from '../../onnx/write.ts';
import { createOnnxRuntime } from '../../runtime-onnx/onnx-runtime.ts';
import { shrink } from '../shrink.ts';
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
  for (const candidate of tried) assert.ok(!isBetter(candidate, won), JSON.stringify(candidate));
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

test('a fourth of the feeds is held out, none is used twice, and at most 24 are', () => {
  for (const count of [2, 3, 4, 9, 200]) {
    const feeds = smallFeeds(count);
    const { calibration, heldOut } = holdOut(feeds);
    assert.ok(heldOut.length === Math.min(24, Math.max(1, Math.floor(count / 4))), `${count}`);
    assert.ok(calibration.every((feed) => !heldOut.includes(feed)));
    assert.ok(calibration.length >= Math.floor(0.5 * count));
  }
});

test('a more elaborate way must gain more than chance to win', () => {
  assert.equal(isBetter({ error: 0.99 }, { error: 1 }), false);
  assert.equal(isBetter({ error: 0.97 }, { error: 1 }), true);
  assert.equal(isBetter({ error: 0 }, { error: 0 }), false);
});
