import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { judgeFlow, neverHoldBack } from './flow.ts';
import { createTokenBucket } from './token-bucket.ts';

const backlog = { unreadBytes: 0, mostBytes: 100, behindMs: 0, shedding: false };

test('a client that keeps up gets everything', () => {
  assert.equal(judgeFlow('block', backlog).action, 'forward');
  assert.equal(judgeFlow('other', backlog).action, 'forward');
});

test('blocks are withheld from half the limit until everything was taken', () => {
  const behind = { ...backlog, unreadBytes: 51, behindMs: 5 };
  assert.deepEqual(judgeFlow('block', behind), { action: 'withhold', shedding: true });
  assert.equal(judgeFlow('other', behind).action, 'forward');
  const better = { ...behind, unreadBytes: 10, shedding: true };
  assert.equal(judgeFlow('block', better).action, 'withhold');
  const caughtUp = { ...backlog, shedding: true };
  assert.deepEqual(judgeFlow('block', caughtUp), { action: 'forward', shedding: false });
});

test('a client over the limit or stuck for long is closed', () => {
  assert.equal(judgeFlow('other', { ...backlog, unreadBytes: 101, behindMs: 1 }).action, 'close');
  assert.equal(judgeFlow('block', { ...backlog, behindMs: 20_001 }).action, 'close');
});

test('writes look taken while the connection still says that it is full', () => {
  const connection = new PassThrough({ highWaterMark: 10 });
  neverHoldBack(connection);
  assert.equal(connection.write(Buffer.alloc(1000)), true);
  assert.equal(connection.writableNeedDrain, true);
});

test('a bucket lets a burst pass, then one by one, in order, and forgets what waits at its end', async () => {
  let nowMs = 0;
  const bucket = createTokenBucket({ perSecond: 1000, burst: 3, now: () => nowMs });
  const passed: number[] = [];
  const all = Promise.withResolvers<void>();
  for (let index = 0; index < 6; index++) {
    bucket.pass(() => {
      passed.push(index);
      if (index === 4) all.resolve();
    });
  }
  assert.deepEqual(passed, [0, 1, 2]);
  nowMs = 2;
  await all.promise;
  assert.deepEqual(passed, [0, 1, 2, 3, 4]);
  bucket.end();
  nowMs = 1000;
  bucket.pass(() => passed.push(9));
  assert.deepEqual(passed, [0, 1, 2, 3, 4, 9]);
});
