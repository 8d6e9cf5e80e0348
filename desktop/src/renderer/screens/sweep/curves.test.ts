import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrialCurve } from '@edgewise/protocol/http';
import { linesOf, overlay } from './curves.ts';

const curve = (trial: number, points: Readonly<Record<number, number>>): TrialCurve => ({
  trial,
  metrics: Object.entries(points).map(([epoch, accuracy]) => ({
    ...{ step: Number(epoch) * 10, epoch: Number(epoch), loss: 1, accuracy },
    validationLoss: 1 - accuracy,
  })),
});

const curves = [curve(1, { 1: 0.5, 2: 0.6 }), curve(2, { 1: 0.4, 2: 0.5, 4: 1 }), curve(3, {})];
const names = { best: 'best', shown: 'shown' };

test('curves of different lengths share one axis, with gaps where nothing was measured', () => {
  const { xs, backdrop } = overlay(curves, 'accuracy');
  assert.deepEqual(xs, [1, 2, 4]);
  assert.deepEqual(backdrop, [
    { key: '1', values: [0.5, 0.6, null] },
    { key: '2', values: [0.4, 0.5, 1] },
  ]);
});

test('a loss of zero has no logarithm', () => {
  assert.equal(overlay(curves, 'loss').isPositive, false);
  assert.equal(overlay(curves.slice(0, 1), 'loss').isPositive, true);
});

test('the best is drawn above the one that is shown, and one without a curve leaves its line empty', () => {
  const all = overlay(curves, 'accuracy');
  const lines = linesOf(all, { best: 2, shown: 3, names });
  assert.deepEqual(
    lines.map(({ label, values }) => [label, values]),
    [
      ['shown', [null, null, null]],
      ['best', [0.4, 0.5, 1]],
    ],
  );
});
