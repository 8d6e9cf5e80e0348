import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParityRow } from '@edgewise/protocol/http';
import { deviceFixtures } from '../../../testing/fixture-devices.ts';
import { versionFixtures } from '../../../testing/fixture-models.ts';
import { parityFixtures } from '../../../testing/fixture-parity.ts';
import { parityViews } from './parity-model.ts';

const nowMs = 1_700_000_000_000;
const rows = parityFixtures(versionFixtures(nowMs), deviceFixtures(nowMs));
const viewsOf = (version: number) => parityViews(rows.filter((row) => row.version === version));

test('one refusal outweighs the proofs, and the worst device gives the figures', () => {
  const view = viewsOf(2).find(({ deviceClass }) => deviceClass === 'arm64');
  assert.equal(view?.verdict, 'refused');
  assert.deepEqual(view?.counts, { proved: 2, refused: 1, waiting: 0 });
  assert.deepEqual([view?.deviation, view?.agreement], [0.412, 0.375]);
  assert.deepEqual(
    view?.refusedBy.map(({ device }) => device),
    ['attic-6'],
  );
});

test('a mean of deviations that is closer to its limit is what is shown', () => {
  const [row] = rows as [ParityRow];
  const parity = {
    ...{ vectors: 12, topAgreement: 1, largestDeviation: 0.1, allowed: 1 },
    ...{ rms: 0.05, allowedRms: 0.06, output: 'logits' },
  };
  const device = { device: 'a', deviceClass: 'x64', outcome: 'proved', parity, atMs: 1 } as const;
  const [view] = parityViews([{ ...row, devices: [device] }]);
  assert.deepEqual([view?.deviation, view?.allowed, view?.isMean], [0.05, 0.06, true]);
});

test('a variant that no device has tried has no figures, not zeros', () => {
  const [row] = rows as [ParityRow];
  const [none] = parityViews([{ ...row, devices: [] }]);
  assert.deepEqual(
    [none?.verdict, none?.deviation, none?.agreement],
    ['none', undefined, undefined],
  );
  const waiting = {
    device: 'a',
    deviceClass: 'arm64',
    outcome: 'waiting',
    parity: null,
    atMs: null,
  } as const;
  const [view] = parityViews([{ ...row, devices: [waiting] }]);
  assert.deepEqual([view?.verdict, view?.deviation], ['waiting', undefined]);
});
