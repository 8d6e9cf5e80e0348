import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLane, type Lane } from './lane.ts';

const gathering = { quietMs: 100, mostMs: 1000 };

const all = (blocks: number) => Array.from({ length: blocks }, (_, index) => index);

function drain(lane: Lane, nowMs: number): number[] {
  const blocks: number[] = [];
  for (let block = lane.take(nowMs); block !== undefined; block = lane.take(nowMs))
    blocks.push(block);
  return blocks;
}

test('a block goes out once for all that wait', () => {
  const lane = createLane('l1', 4, gathering);
  for (const [index, device] of ['a', 'b', 'c'].entries()) {
    lane.join(device, 0);
    lane.need(device, all(4), 1 + 90 * index);
    assert.deepEqual(drain(lane, 90 + 90 * index), []);
  }
  assert.deepEqual(drain(lane, 281), [0, 1, 2, 3]);
  assert.deepEqual(lane.published, [1, 1, 1, 1]);
});

test('the first device of a lane does not wait for ever', () => {
  const lane = createLane('l1', 1, gathering);
  for (let nowMs = 0; nowMs < 1000; nowMs += 50) {
    lane.join(`d${nowMs}`, nowMs);
    lane.need(`d${nowMs}`, [0], nowMs);
    assert.equal(lane.take(nowMs), undefined);
  }
  assert.equal(lane.take(1000), 0);
});

test('a device that comes while blocks go out gets those it missed in a second round', () => {
  const lane = createLane('l1', 4, gathering);
  lane.join('a', 0);
  lane.need('a', all(4), 1);
  assert.equal(lane.take(101), 0);
  assert.equal(lane.take(101), 1);
  lane.join('b', 103);
  lane.need('b', all(4), 103);
  assert.deepEqual(drain(lane, 104), [2, 3]);
  assert.equal(lane.isWaiting, true);
  assert.deepEqual(drain(lane, 203), [0, 1]);
  assert.deepEqual(lane.published, [2, 2, 1, 1]);
});

test('a block that is still on its way is not sent again, one that was lost is', () => {
  const lane = createLane('l1', 2, gathering);
  lane.join('a', 0);
  lane.need('a', [0, 1], 1);
  assert.deepEqual(drain(lane, 101), [0, 1]);
  lane.need('a', [1], 500);
  assert.deepEqual(drain(lane, 700), []);
  lane.need('a', [1], 5000);
  assert.deepEqual(drain(lane, 5100), [1]);
});

test('a request for a block beyond the end changes nothing', () => {
  const lane = createLane('l1', 2, gathering);
  lane.join('a', 0);
  lane.need('a', [7], 1);
  assert.equal(lane.isWaiting, false);
});
