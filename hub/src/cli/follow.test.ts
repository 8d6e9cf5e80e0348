import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveEvent } from '@edgewise/protocol/http';
import type { Client } from '../client/client.ts';
import { follow } from './follow.ts';
import type { Io } from './io.ts';

/** A hub that says these events; what `between` does happens before each. */
function saying(events: readonly LiveEvent[], between: () => void): Client {
  return {
    url: '',
    call: () => Promise.reject(new Error('Nobody is called.')),
    async *events({ signal, onOpen }) {
      onOpen?.();
      for (const event of events) {
        await Promise.resolve();
        if (signal.aborted) return;
        between();
        yield event;
      }
    },
  };
}

test('what happened while events were lost is looked up and shown', async () => {
  let stored = 1;
  const shown: (readonly [number, number])[] = [];
  const client = saying([{ kind: 'reset', atMs: 1 }], () => {
    stored = 3;
  });
  const end = await follow(client, { signal: new AbortController().signal } as Io, {
    look: () => Promise.resolve(stored),
    isOver: (value) => value === 3,
    applied: (value) => value,
    show: (value, before) => void shown.push([value, before]),
    left: 'You left.',
  });
  assert.deepEqual([end, shown], [3, [[3, 1]]]);
});
