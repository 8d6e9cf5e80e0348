import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sweep } from '@edgewise/protocol/http';
import { type FixtureSweep, sweepFixtures } from '../../../testing/fixture-sweeps.ts';
import { bestOf, isOpen, trialRows, workDone } from './model.ts';

const [halving, queued, grid] = sweepFixtures(0) as [FixtureSweep, FixtureSweep, FixtureSweep];

test('trials come from the best: who went further before who was better earlier, failures last', () => {
  const rows = trialRows(halving.sweep, halving.curves);
  assert.deepEqual(
    rows.map(({ rank }) => rank),
    rows.map((_, index) => index + 1),
  );
  assert.deepEqual(
    [rows[0]?.trial.number, rows[0]?.trial.results.length, rows.at(-1)?.trial.status],
    [15, 2, 'failed'],
  );
  assert.deepEqual(
    rows.filter(({ isBest }) => isBest).map(({ trial }) => trial.number),
    [15],
  );
});

test('a trial that runs has trained further than it has found', () => {
  const rows = trialRows(halving.sweep, halving.curves);
  const running = rows.find(({ trial }) => trial.status === 'running');
  assert.deepEqual([running?.trial.results.at(-1)?.epochs, running?.epochs], [2, 4]);
  assert.equal(trialRows(halving.sweep, [])[1]?.epochs, 2);
});

test('a trial that has found nothing has no score, not a score of zero', () => {
  const rows = trialRows(queued.sweep, queued.curves);
  assert.ok(rows.every(({ score, loss, isBest }) => score === undefined && !loss && !isBest));
});

test('what was chosen is the best even where another leads', () => {
  const tally = { ended: 6, failed: 0, round: 1, finished: 6, leader: { trial: 2, accuracy: 0.9 } };
  assert.equal(bestOf({ ...grid.sweep, tally }), 6);
  assert.equal(bestOf({ ...grid.sweep, best: null, tally }), 2);
  const { tally: _, ...older }: Sweep = { ...grid.sweep, best: null };
  assert.equal(bestOf(older), undefined);
});

test('queued and running sweeps are open, the others have ended', () => {
  const open = sweepFixtures(0).filter(({ sweep }) => isOpen(sweep));
  assert.deepEqual(
    open.map(({ sweep }) => sweep.id),
    ['sweep-5', 'sweep-4'],
  );
});

test('the work of halving is counted in epochs: early rounds are short', () => {
  const { rungs, tally } = halving.sweep;
  assert.ok(tally);
  // 18 trials of 2 epochs, 6 of 4 more, 2 of 12 more: 84 epochs.
  assert.equal(workDone({ rungs, tally: { ...tally, round: 1, finished: 9 } }), 18 / 84);
  assert.equal(workDone({ rungs, tally: { ...tally, round: 2, finished: 1 } }), 40 / 84);
  assert.equal(workDone({ rungs, tally: { ...tally, round: 3, finished: 2 } }), 1);
  assert.equal(workDone({ rungs }), 0);
});
