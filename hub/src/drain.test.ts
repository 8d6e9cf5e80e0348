import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDrain, retryMs } from './drain.ts';
import { eventually } from './testing/eventually.test.fixture.ts';
import { createManualClock } from './testing/manual-clock.test.fixture.ts';

function setUp(queue: string[]) {
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const drain = createDrain<string>({
    next: () => Promise.resolve(queue[0]),
    async work(piece) {
      queue.shift();
      log.push(`${piece} begins`);
      if (piece === 'slow') await gate.promise;
      log.push(`${piece} ends`);
    },
    clock: createManualClock(),
    onError: (thrown) => log.push(String(thrown)),
  });
  return { log, drain, open: gate.resolve };
}

test('pieces are worked off one after the other, those that come meanwhile included', async () => {
  const queue = ['slow', 'b'];
  const { log, drain, open } = setUp(queue);
  drain.wake();
  await eventually('the first', () => Promise.resolve(log.length > 0));
  queue.push('c');
  drain.wake();
  open();
  await eventually('the last', () => Promise.resolve(log.at(-1) === 'c ends'));
  const each = ['slow', 'b', 'c'].flatMap((piece) => [`${piece} begins`, `${piece} ends`]);
  assert.deepEqual(log, each);
  queue.push('d');
  drain.wake();
  await eventually('one more', () => Promise.resolve(log.at(-1) === 'd ends'));
});

test('a drain that stops ends the piece that is under way and begins no other', async () => {
  const { log, drain, open } = setUp(['slow', 'b']);
  drain.wake();
  await eventually('the first', () => Promise.resolve(log.length > 0));
  const stopped = drain.stop();
  open();
  await stopped;
  drain.wake();
  await new Promise(setImmediate);
  assert.deepEqual(log, ['slow begins', 'slow ends']);
});

test('a queue that cannot be read is told, and looked at again when woken', async () => {
  const told: unknown[] = [];
  let reads = 0;
  const next = () => Promise.reject<undefined>(new Error(`read ${++reads}`));
  const drain = createDrain({
    ...{ next, work: () => Promise.resolve(), clock: createManualClock() },
    onError: (thrown) => told.push(thrown),
  });
  for (const times of [1, 2]) {
    drain.wake();
    await eventually('an error', () => Promise.resolve(told.length === times));
  }
});

test('work that threw is taken up again after a while, unless the drain has stopped', async () => {
  const clock = createManualClock();
  let isFull = true;
  const log: string[] = [];
  const queue = ['a'];
  const drain = createDrain<string>({
    next: () => Promise.resolve(queue[0]),
    work(piece) {
      log.push(piece);
      if (isFull) return Promise.reject(new Error('The disk is full.'));
      queue.shift();
      return Promise.resolve();
    },
    clock,
    onError: (thrown) => log.push(String(thrown)),
  });
  const told = (count: number) =>
    eventually(`${count} lines`, () => Promise.resolve(log.length === count));
  drain.wake();
  await told(2);
  clock.advance(retryMs);
  await told(4);
  isFull = false;
  clock.advance(retryMs);
  await told(5);
  assert.deepEqual([queue, log.at(-1)], [[], 'a']);
  isFull = true;
  queue.push('b');
  drain.wake();
  await told(7);
  await drain.stop();
  clock.advance(retryMs);
  await new Promise(setImmediate);
  assert.equal(log.length, 7);
});
