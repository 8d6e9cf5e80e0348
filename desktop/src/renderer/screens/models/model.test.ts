import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelVersion, Rollout, Run } from '@edgewise/protocol/http';
import { rolloutFixtures, runFixtures, versionFixtures } from '../../../testing/fixture-models.ts';
import { chainOf, dotsOf, headlineRow, stepViews, versionRows, wavesOf } from './model.ts';

const nowMs = 1_700_000_000_000;
const versions = versionFixtures(nowMs);

test('a version is judged by its worst variant and its largest graph', () => {
  const [row] = versionRows(versions);
  assert.equal(row?.version.version, 3);
  assert.ok(row?.difference && Math.abs(row.difference + 0.0011) < 1e-9);
  assert.equal(row?.int8Bytes, 109_150);
  assert.ok(row?.sizeRatio && row.sizeRatio < 0.28);
});

test('a version without variants has no int8 figures, not zeros', () => {
  const bare = { ...(versions[0] as ModelVersion), variants: [] };
  const [row] = versionRows([bare]);
  assert.deepEqual(
    [row?.int8Accuracy, row?.difference, row?.int8Bytes, row?.sizeRatio],
    [undefined, undefined, undefined, undefined],
  );
});

test('an imported version without evaluation shows no accuracy, no dot, and is not the headline', () => {
  const [third] = versions as [ModelVersion];
  const imported: ModelVersion = {
    ...third,
    version: 4,
    run: 'import',
    fp32: { ...third.fp32, accuracy: null, graphBytes: null },
    variants: third.variants.map((variant) => ({ ...variant, accuracy: null })),
    gate: { verdict: 'hold', checks: [] },
  };
  const rows = versionRows([imported, ...versions]);
  assert.deepEqual(
    [rows[0]?.fp32Accuracy, rows[0]?.int8Accuracy, rows[0]?.difference],
    [undefined, undefined, undefined],
  );
  assert.equal(headlineRow(rows)?.version.version, 3);
  assert.equal(dotsOf([imported]).length, 0);
  assert.equal(chainOf(imported).find((link) => link.kind === 'run')?.opens, undefined);
});

test('each version gives one dot for fp32 and one per variant', () => {
  const dots = dotsOf(versions);
  assert.equal(dots.length, 12);
  assert.equal(dots.filter((dot) => dot.kind === 'fp32').length, 3);
  assert.equal(new Set(dots.map((dot) => dot.key)).size, 12);
});

test('the chain goes from data to devices, and a first version has no parent', () => {
  const [third, , first] = versions as [ModelVersion, ModelVersion, ModelVersion];
  assert.deepEqual(
    chainOf(third).map((link) => link.kind),
    ['snapshot', 'recipe', 'parent', 'run', 'version', 'bundles', 'devices'],
  );
  assert.ok(chainOf(first).every((link) => link.kind !== 'parent'));
  assert.deepEqual(chainOf(third).find((link) => link.kind === 'run')?.opens, { run: 'run-3' });
});

test('steps before the present one are done, and a failed run shows where', () => {
  const [running, , , failed] = runFixtures(nowMs) as [Run, Run, Run, Run];
  assert.deepEqual(
    stepViews(running)
      .map((view) => view.status)
      .slice(0, 3),
    ['done', 'running', 'waiting'],
  );
  assert.equal(stepViews(failed)[1]?.status, 'failed');
  assert.ok(
    stepViews({ ...running, status: 'done', step: 'gate' }).every((view) => view.status === 'done'),
  );
  assert.ok(
    stepViews({ ...running, status: 'queued', step: null }).every(
      (view) => view.status === 'waiting',
    ),
  );
});

test('a rollout is shown wave by wave with how many serve', () => {
  const waves = wavesOf(rolloutFixtures(nowMs)[1] as Rollout);
  assert.deepEqual(
    waves.map((wave) => [wave.wave, wave.settled, wave.devices.length]),
    [
      [1, 1, 1],
      [2, 4, 5],
    ],
  );
});
