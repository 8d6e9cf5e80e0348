import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurns } from './in-turn.ts';

test('works run one after the other in the order of their calls, also after one that failed', async () => {
  const turns = createTurns();
  const done: string[] = [];
  const { promise: isReleased, resolve: release } = Promise.withResolvers<void>();
  const first = turns.take(async () => {
    await isReleased;
    done.push('first');
    throw new Error('lost');
  });
  const second = turns.take(() => Promise.resolve(done.push('second')));
  assert.deepEqual(done, []);
  release();
  await assert.rejects(first, /lost/);
  assert.equal(await second, 2);
  await turns.settle();
  assert.deepEqual(done, ['first', 'second']);
});
