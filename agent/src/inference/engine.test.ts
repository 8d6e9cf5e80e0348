import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '@edgewise/models/runtime';
import { aBundle, aSigner, tinyRuntime } from '../testing/a-bundle.test.fixture.ts';
import { createEngine } from './engine.ts';
import type { OpenSlot } from './open-slot.ts';

const item = Uint8Array.of(1, 2, 3, 4);

/** An engine, and slots whose runs end when the test says so. */
function aBench() {
  const told: string[] = [];
  const engine = createEngine({
    elapsedMs: () => 0,
    onAnswered: (slot) => told.push(`answered by ${slot.bundle.version}`),
    onRun: () => told.push('run'),
    onLeft: (slot) => told.push(`left ${slot.bundle.version}`),
  });
  const signer = aSigner();
  const slot = async (version: number, gate?: Promise<void>): Promise<OpenSlot> => {
    const { ref, manifest, files } = await aBundle({ signer, facts: { version } });
    const session = await tinyRuntime().load(files.get('graph.onnx') ?? new Uint8Array());
    const gated: Session = {
      ...session,
      run: async (feeds, options) => {
        await gate;
        return await session.run(feeds, options);
      },
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
    const parity = { vectors: 1, largestDeviation: 0, topAgreement: 1 };
    return {
      bundle: ref,
      manifest,
      session: gated,
      parity,
      [Symbol.asyncDispose]: () => {
        told.push(`disposed ${version}`);
        return session[Symbol.asyncDispose]();
      },
    };
  };
  return { engine, slot, told };
}

test('without a slot inputs are unavailable, and ready waits for one', async () => {
  const { engine, slot } = aBench();
  await assert.rejects(engine.answer([item]), /\[unavailable\]/);
  const ready = engine.ready(new AbortController().signal);
  await engine.swap(await slot(1));
  await ready;
  const stop = new AbortController();
  await engine.swap(undefined);
  const never = engine.ready(stop.signal);
  stop.abort();
  await assert.rejects(never, /\[canceled\]/);
});

test('an input under way ends on the old slot, which is disposed only afterwards', async () => {
  const { engine, slot, told } = aBench();
  const gate = Promise.withResolvers<void>();
  await engine.swap(await slot(1, gate.promise));
  const old = engine.answer([item]);
  const swapped = engine.swap(await slot(2));
  assert.equal((await engine.answer([item]))[0]?.version, 2);
  assert.equal(told.includes('disposed 1'), false);
  gate.resolve();
  assert.equal((await old)[0]?.version, 1);
  await swapped;
  assert.deepEqual(told, ['answered by 2', 'run', 'answered by 1', 'run', 'left 1', 'disposed 1']);
});

test('many inputs are answered in order, as they are one by one', async () => {
  const { engine, slot } = aBench();
  await engine.swap(await slot(1));
  const inputs = Array.from({ length: 150 }, (_, index) => Uint8Array.of(index, 2, 3, 4));
  const together = await engine.answer(inputs);
  const alone = await engine.answer([inputs[149] ?? item]);
  assert.equal(together.length, 150);
  assert.deepEqual({ ...together[149], latencyUs: 1 }, { ...alone[0], latencyUs: 1 });
  assert.equal(engine.served, 151);
});

test('an unusable item fails alone and is no failure of the model', async () => {
  const { engine, slot } = aBench();
  await engine.swap(await slot(1));
  await assert.rejects(engine.answer([Uint8Array.of(1)]), /\[invalid-argument\] Item 0 .* 1 bytes/);
  assert.equal(engine.record.failuresInRow, 0);
});
