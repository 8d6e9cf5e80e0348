import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OutboxClass } from '@edgewise/protocol';
import type { Outbox } from '../link/outbox.ts';

interface OutboxCreateOptions {
  readonly budgetBytes: number;
}

const tenBytes = () => new Uint8Array(10);

/** The promises of every `Outbox`; `create` gives an empty one. */
export function describeOutbox(
  name: string,
  create: (options: OutboxCreateOptions) => Outbox,
): void {
  const fill = (outbox: Outbox, kind: OutboxClass, count: number) => {
    for (let left = count; left > 0; left--) outbox.append(kind, tenBytes);
  };
  const held = (outbox: Outbox) =>
    outbox.oldest(99).map((entry) => `${entry.class} ${entry.sequence}`);
  const roomy = () => create({ budgetBytes: 10_000 });

  describe(`outbox: ${name}`, () => {
    test('sequences of each class start at 1 and rise by one', () => {
      using outbox = roomy();
      const numbers = (['window', 'event', 'window'] as const).map((kind) =>
        outbox.append(kind, tenBytes),
      );
      assert.deepEqual(numbers, [1, 1, 2]);
      assert.deepEqual(held(outbox), ['window 1', 'event 1', 'window 2']);
    });

    test('a message is encoded with its own epoch and sequence', () => {
      using outbox = roomy();
      fill(outbox, 'event', 1);
      outbox.append('event', ({ epoch, sequence }) => {
        assert.equal(epoch, outbox.epoch);
        return Uint8Array.of(sequence);
      });
      assert.deepEqual(outbox.oldest(9)[1]?.bytes, Uint8Array.of(2));
    });

    test('a watermark takes what it covers and leaves its gaps', () => {
      using outbox = roomy();
      fill(outbox, 'window', 6);
      fill(outbox, 'event', 1);
      const gaps: [number, number][] = [
        [4, 4],
        [2, 2],
      ];
      outbox.commit('window', { epoch: outbox.epoch, sequence: 5, gaps });
      assert.deepEqual(held(outbox), ['window 2', 'window 4', 'window 6', 'event 1']);
      assert.deepEqual(outbox.stats(), { messages: 4, bytes: 40, dropped: 0 });
    });

    test('a watermark of another epoch takes nothing', () => {
      using outbox = roomy();
      fill(outbox, 'event', 2);
      outbox.commit('event', { epoch: outbox.epoch + 1, sequence: 2, gaps: [] });
      assert.equal(outbox.stats().messages, 2);
    });

    test('sequences go on after everything was committed', () => {
      using outbox = roomy();
      fill(outbox, 'event', 2);
      outbox.commit('event', { epoch: outbox.epoch, sequence: 2, gaps: [] });
      assert.equal(outbox.append('event', tenBytes), 3);
    });

    test('beyond the budget the oldest are dropped, counted, and told as one event per range', () => {
      using outbox = create({ budgetBytes: 40 });
      fill(outbox, 'window', 7);
      assert.deepEqual(held(outbox), ['window 4', 'window 5', 'window 6', 'window 7']);
      assert.deepEqual(outbox.stats(), { messages: 4, bytes: 40, dropped: 3 });
      const told: string[] = [];
      const encode: Parameters<Outbox['reportDropped']>[0] = (range) => {
        told.push(`${range.class} ${range.first}-${range.last}`);
        return new Uint8Array(1);
      };
      outbox.limit(41);
      outbox.reportDropped(encode);
      outbox.reportDropped(encode);
      assert.deepEqual(told, ['window 1-3']);
      assert.equal(held(outbox).at(-1), 'event 1');
    });

    test('a smaller budget takes effect at once', () => {
      using outbox = roomy();
      fill(outbox, 'event', 5);
      outbox.limit(20);
      assert.deepEqual(held(outbox), ['event 4', 'event 5']);
      assert.equal(outbox.stats().dropped, 3);
    });

    test('a message that cannot be encoded uses up no number', () => {
      using outbox = roomy();
      assert.throws(() =>
        outbox.append('event', () => {
          throw new RangeError('no');
        }),
      );
      assert.equal(outbox.append('event', tenBytes), 1);
    });
  });
}
