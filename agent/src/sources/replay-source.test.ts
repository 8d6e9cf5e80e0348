import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensor } from '@edgewise/models/tensor';
import { createFakeSink } from '../testing/fake-sink.test.fixture.ts';
import { createSimClock } from '../testing/sim-clock.ts';
import { createReplaySource, type ReplayOptions } from './replay-source.ts';

const recorded = tensor(
  'uint8',
  [3, 2, 2],
  Uint8Array.from({ length: 12 }, (_, index) => index),
);

const aReplay = (changes: Partial<ReplayOptions> = {}) =>
  createReplaySource({
    name: 'replay:test',
    read: () => Promise.resolve(recorded),
    ratePerSecond: 0,
    atEnd: 'stop',
    clock: createSimClock(),
    ...changes,
  });
const never = new AbortController().signal;

test('recorded inputs come in order, or a part of them', async () => {
  const all = createFakeSink();
  await aReplay().run(all.sink, never);
  assert.deepEqual(all.seen, ['0,1,2,3', '4,5,6,7', '8,9,10,11']);
  const some = createFakeSink();
  await aReplay({ from: 1, count: 1 }).run(some.sink, never);
  assert.deepEqual(some.seen, ['4,5,6,7']);
});

test('at ten per second three items take two tenths of a second', async () => {
  const clock = createSimClock();
  const beganMs = clock.nowMs();
  await aReplay({ clock, ratePerSecond: 10 }).run(createFakeSink().sink, never);
  assert.equal(clock.nowMs() - beganMs, 200);
});

test('a replay that starts again ends with its signal', async () => {
  const stop = new AbortController();
  const { sink, seen } = createFakeSink();
  const counted = {
    ...sink,
    answer: (...args: Parameters<typeof sink.answer>) => {
      if (seen.length === 7) stop.abort();
      return sink.answer(...args);
    },
  };
  await assert.rejects(aReplay({ atEnd: 'again' }).run(counted, stop.signal), /\[canceled\]/);
  assert.equal(seen.length, 8);
});

test('numbers of another type are converted for the model', async () => {
  const wide = tensor('float32', [1, 4], Float32Array.of(1, 2, 3, 4));
  const { sink, seen } = createFakeSink();
  await aReplay({ read: () => Promise.resolve(wide) }).run(sink, never);
  assert.deepEqual(seen, ['1,2,3,4']);
});

test('inputs of the wrong size end the source, and a start behind the end is refused', async () => {
  const small = tensor('uint8', [1, 3], Uint8Array.of(1, 2, 3));
  const { sink } = createFakeSink();
  const wrong = aReplay({ read: () => Promise.resolve(small) });
  await assert.rejects(wrong.run(sink, never), /\[invalid-argument\] Item 0/);
  await assert.rejects(aReplay({ from: 3 }).run(sink, never), /has 3 items, none from 3 on/);
});
