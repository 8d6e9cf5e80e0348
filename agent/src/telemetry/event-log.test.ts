import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage, minutes } from '@edgewise/protocol';
import { createMemoryOutbox } from '../link/memory-outbox.ts';
import { createEventLog } from './event-log.ts';

test('what the budget drops while the hub is connected is told within a minute', () => {
  using outbox = createMemoryOutbox({ epoch: 1, budgetBytes: 1000 });
  let nowMs = 0;
  const onTrouble = (thrown: unknown) => assert.fail(String(thrown));
  const log = createEventLog({
    outbox,
    nowMs: () => nowMs,
    onAppended: () => undefined,
    onTrouble,
  });
  const told = () => {
    const events = outbox.oldest(100).map(({ bytes }) => decodeMessage('event', bytes).body);
    return events.filter(({ kind }) => kind === 'dropped');
  };
  for (let count = 0; count < 20; count++) {
    log.append({ kind: 'error', code: 'internal', detail: 'x'.repeat(100) });
  }
  const { dropped } = outbox.stats();
  assert.ok(dropped > 0);
  log.tick();
  assert.deepEqual(told(), []);
  nowMs += minutes(1);
  log.tick();
  assert.deepEqual(told(), [{ kind: 'dropped', class: 'event', first: 1, last: dropped }]);
});
