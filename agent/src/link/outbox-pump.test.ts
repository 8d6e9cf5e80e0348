import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage, limits, type Message } from '@edgewise/protocol';
import { eventually } from '../testing/eventually.ts';
import { createManualClock } from '../testing/manual-clock.ts';
import { createMemoryBroker } from '../testing/memory-broker.ts';
import { createMemoryOutbox } from './memory-outbox.ts';
import { startOutboxPump } from './outbox-pump.ts';

const params = { fleet: 'home', device: 'pi' };

async function aPump() {
  const broker = createMemoryBroker();
  const link = broker.link();
  const hub = broker.link();
  const clock = createManualClock();
  const outbox = createMemoryOutbox({ epoch: 3, budgetBytes: 1e6 });
  const sequences: number[] = [];
  await hub.subscribe('event', params, (event) => sequences.push(event.sequence));
  const pump = await startOutboxPump({ ...params, outbox, link, clock });
  const append = (count: number) => {
    for (let left = count; left > 0; left--) outbox.append('event', anEvent);
    pump.wake();
  };
  const commit = (sequence: number, gaps: [number, number][] = []) =>
    hub.publish('committed', params, { v: 1, event: { epoch: 3, sequence, gaps } });
  return { link, outbox, pump, sequences, append, commit, clock };
}

function anEvent(at: { epoch: number; sequence: number }): Uint8Array {
  const body = { kind: 'error', code: 'internal', detail: 'x' } as const;
  const event: Message<'event'> = { v: 1, ...at, atMs: 1, body };
  return encodeMessage('event', event);
}

const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

test('entries leave only by a watermark', async () => {
  const { pump, outbox, sequences, append, commit } = await aPump();
  await using _pump = pump;
  append(3);
  await eventually(() => sequences.length === 3);
  assert.equal(outbox.stats().messages, 3);
  await commit(2);
  await eventually(() => outbox.stats().messages === 1);
  assert.deepEqual(sequences, [1, 2, 3]);
});

test('at most 64 messages are under way', async () => {
  const { pump, sequences, append, commit } = await aPump();
  await using _pump = pump;
  append(100);
  await eventually(() => sequences.length === limits.inFlightMessages);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(sequences, upTo(64));
  await commit(10);
  await eventually(() => sequences.length === 74);
  assert.deepEqual(sequences, upTo(74));
});

test('after a reconnect everything without a watermark is sent again, in order', async () => {
  const { pump, link, sequences, append, commit } = await aPump();
  await using _pump = pump;
  append(4);
  await eventually(() => sequences.length === 4);
  await commit(1);
  await new Promise((resolve) => setImmediate(resolve));
  link.disconnect();
  append(1);
  link.connect();
  await eventually(() => sequences.length === 8);
  assert.deepEqual(sequences.slice(4), [2, 3, 4, 5]);
});

test('a gap that the hub names is sent again at once', async () => {
  const { pump, sequences, append, commit } = await aPump();
  await using _pump = pump;
  append(5);
  await eventually(() => sequences.length === 5);
  await commit(4, [[2, 3]]);
  await eventually(() => sequences.length === 7);
  assert.deepEqual(sequences.slice(5), [2, 3]);
});

test('a hub that stays silent for half a minute is sent everything again', async () => {
  const { pump, sequences, append, clock } = await aPump();
  await using _pump = pump;
  append(2);
  await eventually(() => sequences.length === 2);
  await clock.advance(30_000);
  await eventually(() => sequences.length === 4);
});
