import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLane, type Lane } from './lane.ts';

const all = (blocks: number) => Array.from({ length: blocks }, (_, index) => index);

function drain(lane: Lane, nowMs: number): number[] {
  const blocks: number[] = [];
  for (let block = lane.take(nowMs); block !== undefined; block = lane.take(nowMs))
    blocks.push(block);
  return blocks;
}

test('a block goes out once for all that wait', () => {
  const lane = createLane('l1', 4);
  for (const device of ['a', 'b', 'c']) {
    lane.join(device, 0);
    lane.need(device, all(4), 1);
  }
  assert.deepEqual(drain(lane, 2), [0, 1, 2, 3]);
  assert.deepEqual(lane.published, [1, 1, 1, 1]);
});

test('a device that comes while blocks go out gets those it missed in a second round', () => {
  const lane = createLane('l1', 4);
  lane.join('a', 0);
  lane.need('a', all(4), 1);
  assert.equal(lane.take(2), 0);
  assert.equal(lane.take(2), 1);
  lane.join('b', 3);
  lane.need('b', all(4), 3);
  assert.deepEqual(drain(lane, 4), [2, 3, 0, 1]);
});

test('a block that is still on its way is not sent again, one that was lost is', () => {
  const lane = createLane('l1', 2);
  lane.join('a', 0);
  lane.need('a', [0, 1], 1);
  drain(lane, 10);
  lane.need('a', [1], 500);
  assert.deepEqual(drain(lane, 501), []);
  lane.need('a', [1], 5000);
  assert.deepEqual(drain(lane, 5001), [1]);
});

test('a request for a block beyond the end changes nothing', () => {
  const lane = createLane('l1', 2);
  lane.join('a', 0);
  lane.need('a', [7], 1);
  assert.equal(lane.isWaiting, false);
});
