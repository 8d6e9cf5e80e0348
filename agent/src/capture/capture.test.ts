import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '@edgewise/models/crypto';
import type { CapturePolicy, EventBody } from '@edgewise/protocol';
import type { Answered } from '../inference/answer.ts';
import { createMemoryDisk } from '../slots/memory-disk.ts';
import { createMemoryBroker } from '../testing/memory-broker.ts';
import { startCapture } from './capture.ts';
import { openSampleStore } from './sample-store.ts';
import { createSelection } from './selection.ts';

function anAnswered(index: number, margin = 0.5, confidence = 0.9): Answered {
  const answer = { model: 'tiny', version: 1, class: 0, confidence, margin, latencyUs: 1 };
  return { answer, input: Uint8Array.of(index >> 8, index & 255) };
}

test('the random ones are an unbiased share, and the least sure ones come beside them', () => {
  const counts = new Array<number>(20).fill(0);
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  for (let round = 0; round < 2000; round++) {
    const selection = createSelection({ random: 4, uncertain: 2, among: 20 }, random);
    for (let index = 0; index < 20; index++) selection.add(anAnswered(index, index / 20));
    const chosen = selection.chosen();
    assert.equal(chosen.length, 6);
    for (const { answered, reason } of chosen) {
      const index = answered.input[1] ?? 0;
      if (reason === 'random') counts[index] = (counts[index] ?? 0) + 1;
    }
    const unsure = chosen.filter(({ reason }) => reason === 'uncertain');
    const byChance = new Set(
      chosen.flatMap((one) => (one.reason === 'random' ? [one.answered] : [])),
    );
    assert.ok(unsure.every(({ answered }) => !byChance.has(answered)));
    assert.ok(unsure.every(({ answered }) => (answered.input[1] ?? 99) < 6));
  }
  // Each is chosen with probability 0.2: mean 400, standard deviation 18.
  for (const count of counts) assert.ok(Math.abs(count - 400) < 90, `${counts}`);
});

test('samples survive a restart, equal ones are kept once, the oldest make room', async () => {
  const disk = createMemoryDisk();
  const parts = { disk, sha256, budgetBytes: () => 6 };
  const store = await openSampleStore(parts);
  const [first, again] = await store.keep([Uint8Array.of(1, 1), Uint8Array.of(1, 1)]);
  assert.deepEqual(first, again);
  const kept = disk.crashed();
  const next = await openSampleStore({ ...parts, disk: kept });
  assert.deepEqual(await next.read(first?.digest ?? ''), Uint8Array.of(1, 1));
  const stored = await next.keep([2, 3, 4].map((value) => Uint8Array.of(value, 0)));
  assert.ok(stored.every((sample) => sample !== undefined));
  assert.equal(await next.read(first?.digest ?? ''), undefined);
  assert.equal((await kept.list('samples')).length, 3);
});

async function aCapture(policy: CapturePolicy) {
  const events: EventBody[] = [];
  const clock = { nowMs: 1_700_000_000_000 };
  const capture = await startCapture({
    store: await openSampleStore({
      disk: createMemoryDisk(),
      sha256,
      budgetBytes: () => policy.budgetBytes,
    }),
    link: createMemoryBroker().link(),
    fleet: 'home',
    device: 'pi',
    nowMs: () => clock.nowMs,
    random: () => 0.5,
    policy: () => policy,
    onEvent: (body) => events.push(body),
    onTrouble: (error) => assert.fail(error),
  });
  return { capture, events, clock };
}

test('a policy keeps unsure inputs within its bytes per day', async () => {
  const policy = { rate: 0, belowConfidence: 0.6, budgetBytes: 100, budgetBytesPerDay: 4 };
  const { capture, events, clock } = await aCapture(policy);
  capture.see(anAnswered(1, 0.5, 0.9));
  for (const index of [2, 3, 4]) capture.see(anAnswered(index, 0.1, 0.5));
  clock.nowMs += 86_400_000;
  capture.see(anAnswered(5, 0.1, 0.5));
  await capture[Symbol.asyncDispose]();
  const reasons = events.map((body) => body.kind === 'sample' && body.reason);
  assert.deepEqual(reasons, ['policy', 'policy', 'policy']);
});

test('a rate of one keeps every input as random', async () => {
  const policy = { rate: 1, belowConfidence: 0, budgetBytes: 100, budgetBytesPerDay: 100 };
  const { capture, events } = await aCapture(policy);
  for (const index of [1, 2]) capture.see(anAnswered(index));
  await capture[Symbol.asyncDispose]();
  assert.deepEqual(
    events.map((body) => body.kind === 'sample' && body.reason),
    ['random', 'random'],
  );
});

test('a capture that ends early offers what it has, and a second one is a conflict', async () => {
  const policy = { rate: 0, belowConfidence: 0, budgetBytes: 100, budgetBytesPerDay: 0 };
  const { capture, events } = await aCapture(policy);
  const body = { kind: 'capture', model: 'tiny', random: 2, uncertain: 0, among: 100 } as const;
  const order = {
    v: 1,
    fleet: 'home',
    device: 'pi',
    generation: 1,
    transaction: 't1',
    issuedAtMs: 0,
    expiresAtMs: 1,
    body,
  };
  capture.order(order);
  assert.throws(() => capture.order(order), /\[conflict\]/);
  capture.see(anAnswered(1));
  await capture[Symbol.asyncDispose]();
  assert.equal(events.length, 1);
});
