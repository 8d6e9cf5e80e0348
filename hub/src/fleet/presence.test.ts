import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Presence } from '@edgewise/protocol';
import { nextPresence, type PresenceRecord } from './presence.ts';

const never: PresenceRecord = { status: 'never', sinceMs: 0, instance: undefined, session: 0 };
const say = (status: Presence['status'], instance: string, session: number): Presence => ({
  v: 1,
  status,
  instance,
  session,
  atMs: 1,
});
const after = (...messages: readonly Presence[]) =>
  messages.reduce(
    (current, message, at) => nextPresence(current, message, at + 1) ?? current,
    never,
  );

test('a device comes, goes and comes back', () => {
  assert.deepEqual(after(say('online', 'a', 1)), {
    status: 'online',
    sinceMs: 1,
    instance: 'a',
    session: 1,
  });
  assert.equal(after(say('online', 'a', 1), say('offline', 'a', 1)).status, 'offline');
  assert.equal(after(say('online', 'a', 1), say('stopped', 'a', 1)).status, 'stopped');
});

test('the last will of an old session or an old process changes nothing', () => {
  const sessions = after(say('online', 'a', 1), say('online', 'a', 2), say('offline', 'a', 1));
  assert.equal(sessions.status, 'online');
  assert.equal(sessions.sinceMs, 1);
  const processes = after(say('online', 'a', 7), say('online', 'b', 1), say('offline', 'a', 7));
  assert.deepEqual([processes.status, processes.instance], ['online', 'b']);
});

test('a goodbye before any greeting, a repeat and an older session change nothing', () => {
  assert.equal(after(say('offline', 'a', 1)), never);
  const online = after(say('online', 'a', 3));
  assert.equal(nextPresence(online, say('online', 'a', 3), 9), undefined);
  assert.equal(nextPresence(online, say('online', 'a', 2), 9), undefined);
});
