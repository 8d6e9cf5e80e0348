import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol/errors';
import type { LiveEvent } from '@edgewise/protocol/http';
import type { Client } from './client.ts';
import { createLive } from './live.ts';

type Attempt = string | FleetError;

/** A hub whose event stream says these things, one string or failure per attempt, and then nothing. */
function liveOver(attempts: readonly Attempt[]) {
  const stop = new AbortController();
  const asked: string[] = [];
  const events: LiveEvent[] = [];
  const states: string[] = [];
  const pausesMs: number[] = [];
  let fresh = 0;
  const client: Client = {
    call: () => Promise.reject(new Error('not used')),
    events(lastEventId) {
      const attempt = attempts[asked.length];
      asked.push(lastEventId);
      if (attempt === undefined) {
        stop.abort();
        return Promise.reject(new FleetError('canceled', 'over'));
      }
      if (attempt instanceof FleetError) return Promise.reject(attempt);
      return Promise.resolve(new Blob([attempt]).stream());
    },
  };
  const live = createLive({
    client,
    onEvent: (event) => events.push(event),
    onFresh: () => {
      fresh += 1;
    },
    now: () => 1_000,
    sleep: (ms) => {
      pausesMs.push(ms);
      return Promise.resolve();
    },
  });
  live.subscribe(() => states.push(live.status().state));
  return { done: live.run(stop.signal), asked, events, states, pausesMs, fresh: () => fresh };
}

const reset = (id: number) => `id: ${id}\ndata: {"kind":"reset","atMs":${id}}\n\n`;
const down = new FleetError('unavailable', 'down');

test('a broken stream resumes after the last event it gave', async () => {
  const { done, asked, events } = liveOver([reset(1) + reset(2), down, reset(3)]);
  await done;
  assert.deepEqual(asked, ['', '2', '2', '3']);
  assert.deepEqual(
    events.map((each) => each.kind === 'reset' && each.atMs),
    [1, 2, 3],
  );
});

test('the status follows the stream, and each is told once', async () => {
  const { done, states } = liveOver([reset(1), down, down, reset(2)]);
  await done;
  assert.deepEqual(states, ['open', 'broken', 'open', 'broken']);
});

test('pauses grow while the hub is away and start small again after it was there', async () => {
  const { done, pausesMs } = liveOver([down, down, down, down, down, down, reset(1)]);
  await done;
  assert.deepEqual(pausesMs, [500, 1_000, 2_000, 4_000, 8_000, 8_000, 500]);
});

test('only a stream without a place to resume from makes what is known old', async () => {
  const { done, fresh } = liveOver([reset(1), reset(2)]);
  await done;
  assert.equal(fresh(), 1);
});

test('a refused credential ends the reading', async () => {
  const { done } = liveOver([new FleetError('unauthenticated', 'who?')]);
  await assert.rejects(done, /unauthenticated/);
});
