import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetError } from '@edgewise/protocol';
import { aRef } from '../testing/builders.test.fixture.ts';
import { eventually } from '../testing/eventually.ts';
import { createSimClock } from '../testing/sim-clock.ts';
import type { Executors } from './execute.ts';
import { createLoop, type LoopEvent } from './loop.ts';
import type { Step } from './step.ts';

const bundle = aRef(1);
const download: Step = { name: 'downloadBundle', bundle };

/** A loop over a list of due steps; each executor takes the first one off. */
function aLoop(due: Step[], changes: Partial<Executors> = {}) {
  const events: LoopEvent[] = [];
  const done = () => {
    due.shift();
    return Promise.resolve();
  };
  const executors: Executors = {
    downloadBundle: done,
    verifyBundle: done,
    installSlot: done,
    proveSlot: done,
    activateSlot: done,
    confirmSlot: done,
    revertSlot: done,
    removeSlot: done,
    refuseBundle: done,
    ...changes,
  };
  const loop = createLoop({
    plan: () => due,
    executors,
    clock: createSimClock(),
    random: () => 0,
    onEvent: (event) => events.push(event),
  });
  return { loop, events };
}

const never = new AbortController().signal;

test('steps run one after another until none is due', async () => {
  const { loop, events } = aLoop([download, { name: 'verifyBundle', bundle }]);
  assert.deepEqual(await loop.settle(never), { kind: 'converged' });
  const story = events.map((event) => `${event.kind} ${'step' in event ? event.step.name : ''}`);
  assert.deepEqual(story, [
    'started downloadBundle',
    'done downloadBundle',
    'started verifyBundle',
    'done verifyBundle',
  ]);
});

test('a wait ends the round with its reason', async () => {
  const { loop } = aLoop([{ name: 'wait', code: 'expired', detail: 'Too old.' }]);
  const outcome = { kind: 'waiting', code: 'expired', detail: 'Too old.' };
  assert.deepEqual(await loop.settle(never), outcome);
});

test('a failure that may pass is tried again after growing pauses', async () => {
  const down = new FleetError('unavailable', 'No network.');
  const { loop } = aLoop([download], { downloadBundle: () => Promise.reject(down) });
  const pauses: number[] = [];
  for (let round = 0; round < 3; round++) {
    const outcome = await loop.settle(never);
    if (outcome.kind === 'failed') pauses.push(outcome.retryMs);
  }
  assert.deepEqual(pauses, [1000, 2000, 4000]);
});

test('a bundle whose failure cannot pass is refused with that code', async () => {
  const due = [download];
  const refusals: Step[] = [];
  const { loop } = aLoop(due, {
    downloadBundle: () => Promise.reject(new FleetError('signature-invalid', 'Forged.')),
    refuseBundle: (step) => {
      refusals.push(step);
      due.shift();
      return Promise.resolve();
    },
  });
  assert.deepEqual(await loop.settle(never), { kind: 'converged' });
  assert.deepEqual(refusals, [
    {
      name: 'refuseBundle',
      manifest: bundle.manifest,
      code: 'signature-invalid',
      detail: 'Forged.',
    },
  ]);
});

test('wrong bytes are fetched again twice before their bundle is refused', async () => {
  const due = [download];
  const wrong = new FleetError('digest-mismatch', 'Wrong.');
  const { loop } = aLoop(due, { downloadBundle: () => Promise.reject(wrong) });
  assert.equal((await loop.settle(never)).kind, 'failed');
  assert.equal((await loop.settle(never)).kind, 'failed');
  assert.equal((await loop.settle(never)).kind, 'converged');
});

test('a step that is no longer planned is aborted by the next trigger', async () => {
  const due: Step[] = [download];
  const aborted: unknown[] = [];
  const { loop } = aLoop(due, {
    downloadBundle: (_step, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason);
          reject(signal.reason as Error);
        });
      }),
  });
  const settled = loop.settle(never);
  await new Promise((resolve) => setImmediate(resolve));
  loop.trigger();
  assert.equal(aborted.length, 0);
  due[0] = { name: 'removeSlot', role: 'candidate', manifest: bundle.manifest };
  loop.trigger();
  assert.deepEqual(await settled, { kind: 'converged' });
  assert.equal(aborted.length, 1);
});

test('a trigger ends the pause after a failure, and an aborted signal ends the loop', async () => {
  const stop = new AbortController();
  const due: Step[] = [{ name: 'wait', code: 'expired', detail: '' }];
  const { loop, events } = aLoop(due);
  const running = loop.run(stop.signal);
  await eventually(() => events.length === 1);
  due[0] = download;
  loop.trigger();
  await eventually(() => events.some((event) => event.kind === 'done'));
  stop.abort();
  await running;
});
