import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WindowSummary } from '@edgewise/protocol/http';
import { windowFixtures } from '../../testing/fixture-devices.ts';
import { extentOf, nearestLine } from './backdrop.ts';
import { dotAxis } from './dot-axis.ts';
import { histogramBars } from './histogram-bars.ts';
import { stripCells, windowLevel } from './strip-cells.ts';
import { niceTicks } from './ticks.ts';

const [sample] = windowFixtures('kitchen-4', 0, 1) as [WindowSummary];
const aWindow = (
  sequence: number,
  drift: WindowSummary['drift'] = { state: 'watching' },
): WindowSummary => ({
  ...sample,
  sequence,
  drift,
});

test('a strip shows the oldest window first and is padded at its front', () => {
  const cells = stripCells([aWindow(2), aWindow(1)], 4);
  assert.deepEqual(
    cells.map((cell) => cell.window?.sequence),
    [undefined, undefined, 1, 2],
  );
});

test('a sequence number that never came leaves a blank', () => {
  const cells = stripCells([aWindow(9), aWindow(6)], 5);
  assert.deepEqual(
    cells.map((cell) => cell.window?.sequence),
    [undefined, 6, undefined, undefined, 9],
  );
});

test('a restart of the outbox is no gap', () => {
  const cells = stripCells([{ ...aWindow(1), epoch: 2 }, aWindow(90)], 2);
  assert.deepEqual(
    cells.map((cell) => cell.window?.sequence),
    [90, 1],
  );
});

test('every cell of a strip has its own key, and there are as many as asked for', () => {
  const cells = stripCells(windowFixtures('lab-5', 0, 200), 60);
  assert.equal(cells.length, 60);
  assert.equal(new Set(cells.map((cell) => cell.key)).size, 60);
});

test('evidence half way to the alarm line is worth watching', () => {
  const at = (logM: number) =>
    windowLevel(aWindow(1, { state: 'watching', logM, logThreshold: 9 }));
  assert.deepEqual([at(1), at(5)], ['well', 'watch']);
  assert.equal(windowLevel(aWindow(1, { state: 'alarm' })), 'act');
  assert.equal(windowLevel(aWindow(1, { state: 'learning' })), 'unknown');
});

test('histograms of different totals are compared by share, on one scale', () => {
  const bars = histogramBars({ edges: [1], reference: [50, 50], current: [1, 3] });
  assert.deepEqual(
    bars.map((bar) => [bar.referenceShare, bar.currentShare]),
    [
      [0.5, 0.25],
      [0.5, 0.75],
    ],
  );
  assert.equal(Math.max(...bars.flatMap((bar) => [bar.reference, bar.current])), 1);
  assert.ok(bars[1] && Math.abs(bars[1].difference - 1 / 3) < 1e-12);
  assert.deepEqual(
    bars.map((bar) => [bar.from, bar.to]),
    [
      [undefined, 1],
      [1, undefined],
    ],
  );
});

test('an empty histogram is flat, not a division by zero', () => {
  assert.deepEqual(
    histogramBars({ edges: [0], reference: [0, 0], current: [0, 0] }).map((bar) => bar.reference),
    [0, 0],
  );
});

test('ticks are round, cover the values, and are at least two', () => {
  assert.deepEqual(niceTicks([0.985, 0.9882], 4), [0.984, 0.986, 0.988, 0.99]);
  assert.deepEqual(niceTicks([0, 410_212], 4), [0, 200_000, 400_000, 600_000]);
  assert.ok(niceTicks([5, 5], 4).length >= 2);
  assert.deepEqual(niceTicks([], 4), [0, 1]);
});

const laidOut = (values: readonly number[], spread: Parameters<typeof dotAxis>[1]['spread']) =>
  dotAxis(values, { spread, format: String, wanted: 4 });
const namesOf = (axis: ReturnType<typeof dotAxis>) => axis.ticks.map(({ name }) => name);

test('an axis of magnitudes sets each power of ten as far from the next', () => {
  const axis = laidOut([0.0003, 0.3], 'powers');
  assert.deepEqual(namesOf(axis), ['0.001', '0.01', '0.1']);
  const [first = 0, second = 0, third = 0] = axis.ticks.map(({ at }) => at);
  assert.ok(Math.abs(second - first - (third - second)) < 1e-9);
  assert.ok(axis.place(0.0003) > 0 && axis.place(0.3) < 1);
});

test('within one magnitude round numbers stand between', () => {
  assert.deepEqual(namesOf(laidOut([0.012, 0.06], 'powers')), ['0.02', '0.05']);
  assert.ok(namesOf(laidOut([5, 5], 'powers')).includes('5'));
});

test('an axis of names gives each the same room, and zero has no magnitude', () => {
  const axis = laidOut([0, 1], ['sgd', 'adam']);
  assert.deepEqual(axis.ticks, [
    { at: 0.25, name: 'sgd' },
    { at: 0.75, name: 'adam' },
  ]);
  assert.deepEqual(laidOut([0, 8], 'powers').ticks, laidOut([0, 8], 'linear').ticks);
});

test('an axis begins at zero only where it is told to', () => {
  const even = laidOut([50, 60], 'linear');
  assert.ok(even.place(50) > 0 && even.place(50) < 0.1 && even.place(60) < 1);
  assert.ok(laidOut([50, 60], 'zero').place(50) > 0.5);
  assert.ok(even.ticks.every(({ at }) => at >= 0 && at <= 1));
  assert.deepEqual(laidOut([50], 'linear').place(50), 0.5);
});

const behind = [
  { key: 'a', values: [1, 2, null] },
  { key: 'b', values: [null, 5, 6] },
];

test('the line that is meant is the nearest one that was measured there, if it is near at all', () => {
  const near = (index: number, at: number, within = 2) =>
    nearestLine(behind, index, { distance: (value) => Math.abs(value - at), within });
  assert.deepEqual([near(1, 3), near(1, 4), near(0, 5, 9)], ['a', 'b', 'a']);
  assert.deepEqual([near(2, 1), near(7, 1)], [undefined, undefined]);
  assert.deepEqual(extentOf(behind), { low: 1, high: 6 });
  assert.equal(extentOf([]), undefined);
});
