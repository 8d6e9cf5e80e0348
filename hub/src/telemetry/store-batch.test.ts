import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testWindow } from '../testing/test-agent.test.fixture.ts';
import type { SequenceRecord, TelemetryBooks, WindowEntry } from './records.ts';
import { type Arrival, storeBatch } from './store-batch.ts';

test('a device that leaves gaps without end cannot make its record grow without end', async () => {
  const stored: WindowEntry[] = [];
  const books: TelemetryBooks = {
    putWindows: (entries) => Promise.resolve(void stored.push(...entries)),
    putEvents: () => Promise.resolve(),
    putQuarantine: () => Promise.resolve(true),
    sequences: (key) => Promise.resolve({ ...key, received: [], dropped: [], updatedAtMs: 0 }),
    putSequences: () => Promise.resolve(),
  };
  const arrival = (sequence: number): Arrival => {
    const body = new Uint8Array();
    const window = testWindow(sequence);
    return { kind: 'window', entry: { device: 'cam', receivedAtMs: 1, window, body } };
  };
  const known = new Map<string, SequenceRecord>();
  const odd = Array.from({ length: 5000 }, (_, index) => arrival(2 * index + 1));
  const { fresh, records } = await storeBatch(books, [...odd, arrival(2)], { nowMs: 1, known });
  const [record] = records;
  // What is not stored is not in the record either, so no watermark covers it; a gap still closes.
  assert.equal(record?.received.length, 4095);
  assert.deepEqual([fresh.length, stored.length], [4097, 4097]);
  assert.deepEqual(record?.received.at(-1), [8191, 8191]);
});
