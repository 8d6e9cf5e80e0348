import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Runtime } from '@edgewise/models/runtime';
import { DeviceState, FleetError, type Message } from '@edgewise/protocol';
import { aSigner, tinyRuntime } from './testing/a-bundle.test.fixture.ts';
import { eventually } from './testing/eventually.ts';
import { type Rig, startRig } from './testing/rig.test.fixture.ts';

const item = Uint8Array.of(1, 2, 3, 4);

const serves = (rig: Rig, version: number) =>
  eventually(() => rig.agent.state.slots.active?.bundle.version === version, {
    what: `version ${version} serves`,
  });
const errors = (rig: Rig) =>
  rig.hub.events.flatMap(({ body }) => (body.kind === 'error' ? [body.code] : []));
const predict = (url: string, items: unknown) =>
  fetch(`${url}/v1/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items }),
  });

/** A runtime whose models fail for items that begin with 99. */
function brittleRuntime(): Runtime {
  const sound = tinyRuntime();
  return {
    ...sound,
    async load(model, options) {
      const session = await sound.load(model, options);
      return {
        ...session,
        run: (feeds, how) => {
          if (feeds.image?.data[0] === 99) throw new FleetError('internal', 'It broke.');
          return session.run(feeds, how);
        },
      };
    },
  };
}

/** While it is slow, models that it did not know before answer nothing until they are called off. */
function slowRuntime() {
  const sound = tinyRuntime();
  const known = new Set<string>();
  let [isSlow, runs] = [true, 0];
  const runtime: Runtime = {
    ...sound,
    async load(model, options) {
      const session = await sound.load(model, options);
      if (!isSlow) known.add(model.join());
      if (known.has(model.join())) return session;
      const run: typeof session.run = (_, { signal } = {}) => {
        runs++;
        return new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(FleetError.from(signal.reason)));
        });
      };
      return { ...session, run };
    },
  };
  const set = (slow: boolean): void => {
    isSlow = slow;
  };
  return { runtime, runs: () => runs, set };
}

test('a signed target leads to a model that answers over HTTP', async () => {
  await using rig = await startRig({ http: true });
  const bundle = await rig.bundle();
  const url = await rig.url;
  assert.equal((await predict(url, [[1, 2, 3, 4]])).status, 503);
  await rig.hub.aim(bundle.ref);
  await serves(rig, 1);
  const response = await predict(url, [
    [1, 2, 3, 4],
    [
      [
        [5, 6],
        [7, 8],
      ],
    ],
  ]);
  assert.equal(response.status, 200);
  const body = (await response.json()) as { version: number; predictions: { item: number }[] };
  assert.equal(body.version, 1);
  assert.deepEqual(
    body.predictions.map((prediction) => prediction.item),
    [0, 1],
  );
  assert.equal((await predict(url, [[1, 2]])).status, 400);
});

test('steps are told as events and the state shows slot, parity and generation', async () => {
  await using rig = await startRig();
  const bundle = await rig.bundle();
  const target = await rig.hub.aim(bundle.ref);
  const state = await eventually(() =>
    rig.hub.states.findLast((one) => one.slots.active !== undefined && one.progress === undefined),
  );
  assert.equal(state.observedGeneration, target.generation);
  const known = Object.keys(DeviceState.properties);
  assert.deepEqual(
    Object.keys(state).filter((key) => !known.includes(key)),
    [],
  );
  assert.equal(state.slots.active?.status, 'trial');
  const { atMs, ...parity } = state.slots.active?.parity ?? {};
  const { build } = tinyRuntime();
  assert.deepEqual(parity, {
    ...{ vectors: 4, largestDeviation: 0, topAgreement: 1, ok: true },
    ...{ allowed: 0.01, output: 'probabilities' },
    ...{ runtime: build, deviceClass: state.deviceClass },
  });
  assert.equal(typeof atMs, 'number');
  assert.equal(state.waiting?.code, 'insufficient-data');
  // Events go through the outbox and may come after the state that they led to.
  const steps = () =>
    rig.hub.events.flatMap(({ body }) => (body.kind === 'step' ? [body.step] : []));
  await eventually(() => steps().includes('activateSlot'));
  assert.deepEqual(steps(), [
    'downloadBundle',
    'verifyBundle',
    'installSlot',
    'proveSlot',
    'activateSlot',
  ]);
});

test('a trial passes with twenty answers, and fails with three failures in a row', async () => {
  await using rig = await startRig({ parts: { runtime: brittleRuntime() } });
  const [first, second] = [await rig.bundle(), await rig.bundle({ facts: { version: 2 } })];
  await rig.hub.aim(first.ref);
  await serves(rig, 1);
  await rig.agent.sink.answer(Array.from({ length: 20 }, () => item));
  await eventually(() => rig.agent.state.slots.active?.status === 'serving');
  await rig.hub.aim(second.ref);
  await serves(rig, 2);
  for (let count = 0; count < 3; count++) {
    await assert.rejects(rig.agent.sink.answer([Uint8Array.of(99, 0, 0, 0)]), /It broke/);
  }
  await serves(rig, 1);
  const [refusal] = rig.agent.state.refusals;
  assert.equal(refusal?.code, 'trial-failed');
  assert.match(refusal?.detail ?? '', /3 runs in a row failed: It broke/);
  assert.equal((await rig.agent.sink.answer([item]))[0]?.version, 1);
});

test('a model without its golden answers, or signed by a stranger, never serves', async () => {
  await using rig = await startRig();
  const good = await rig.bundle();
  await rig.hub.aim(good.ref);
  await serves(rig, 1);
  const wrong = await rig.bundle({ facts: { version: 2 }, wrongGolden: true });
  await rig.hub.aim(wrong.ref);
  const parity = await eventually(() => rig.agent.state.refusals[0]);
  assert.equal(parity.code, 'parity-failed');
  assert.equal(parity.parity?.ok, false);
  assert.ok((parity.parity?.largestDeviation ?? 0) > 0);
  const forged = await rig.bundle({ facts: { version: 3 }, signer: aSigner() });
  await rig.hub.aim(forged.ref);
  const forgery = await eventually(() => rig.agent.state.refusals[1]);
  assert.equal(forgery.code, 'signature-invalid');
  assert.equal(rig.hub.sent.has(forged.manifest.blobs[0]?.sha256 ?? ''), false);
  assert.equal(rig.agent.state.slots.active?.bundle.version, 1);
  await eventually(() => rig.agent.state.waiting?.code === 'signature-invalid');
});

test('a proof is called off for another target, or for a stop, which does not count against it', async () => {
  const { runtime, ...slow } = slowRuntime();
  await using rig = await startRig({ parts: { runtime } });
  await rig.hub.aim((await rig.bundle()).ref);
  await eventually(() => slow.runs() === 1);
  slow.set(false);
  await rig.hub.aim((await rig.bundle({ facts: { version: 2 } })).ref);
  await serves(rig, 2);
  await rig.agent.sink.answer(Array.from({ length: 20 }, () => item));
  await eventually(() => rig.agent.state.slots.active?.status === 'serving');
  slow.set(true);
  await rig.hub.aim((await rig.bundle({ facts: { version: 3 } })).ref);
  for (let stops = 2; stops < 6; stops++) {
    await eventually(() => slow.runs() === stops);
    if (stops === 5) slow.set(false);
    await rig.restart();
  }
  await serves(rig, 3);
  assert.deepEqual(rig.agent.state.refusals, []);
});

test('orders that are forged, older, for others or unreadable are refused by code', async () => {
  await using rig = await startRig();
  const bundle = await rig.bundle();
  await rig.hub.aim(bundle.ref, { generation: 5 });
  await serves(rig, 1);
  const table: readonly [string, () => Promise<unknown>][] = [
    ['generation-stale', () => rig.hub.aim(null, { generation: 4 })],
    ['wrong-audience', () => rig.hub.aim(null, { generation: 6, device: 'other' })],
    ['wrong-audience', () => rig.hub.aim(null, { generation: 6, fleet: 'other' })],
    ['newer-version', () => rig.hub.aim(null, { generation: 6, v: 2 })],
    ['signature-invalid', () => rig.hub.aim(null, { generation: 6 }, aSigner())],
    ['expired', () => rig.hub.command({ kind: 'restart' }, { expiresAtMs: 1 })],
  ];
  for (const [index, [code, send]] of table.entries()) {
    await send();
    await eventually(() => errors(rig).length === index + 1, { what: code });
    assert.equal(errors(rig)[index], code);
  }
  assert.equal(rig.agent.state.observedGeneration, 5);
  assert.equal(rig.agent.state.slots.active?.bundle.version, 1);
});

test('an expired target is known but not acted upon, and what serves goes on', async () => {
  await using rig = await startRig();
  const [first, second] = [await rig.bundle(), await rig.bundle({ facts: { version: 2 } })];
  await rig.hub.aim(first.ref);
  await serves(rig, 1);
  await rig.hub.aim(second.ref, { expiresAtMs: 1 });
  await eventually(() => rig.agent.state.waiting?.code === 'expired');
  assert.equal(rig.agent.state.observedGeneration, 2);
  assert.equal((await rig.agent.sink.answer([item]))[0]?.version, 1);
});

test('going back to the version before needs no download, and nothing is served without a target', async () => {
  await using rig = await startRig({ parts: { tuning: eager } });
  const [first, second] = [await rig.bundle(), await rig.bundle({ facts: { version: 2 } })];
  for (const [bundle, version] of [
    [first, 1],
    [second, 2],
  ] as const) {
    await rig.hub.aim(bundle.ref);
    await serves(rig, version);
    await rig.agent.sink.answer([item]);
    await eventually(() => rig.agent.state.slots.active?.status === 'serving');
  }
  const sent = new Map(rig.hub.sent);
  await rig.hub.aim(first.ref);
  await serves(rig, 1);
  assert.equal(rig.agent.state.slots.active?.status, 'serving');
  assert.deepEqual(rig.hub.sent, sent);
  await rig.hub.aim(null);
  await eventually(() => rig.agent.state.slots.active === undefined);
  await assert.rejects(rig.agent.sink.answer([item]), /\[unavailable\]/);
});

const eager = {
  quietMs: 10,
  retry: { firstMs: 20, longestMs: 100, jitterRatio: 0 },
  trial: { inputs: 1, spanMs: 60_000, failures: 3 },
};

test('a swap between versions drops no input', async () => {
  await using rig = await startRig({ parts: { tuning: eager } });
  const [first, second] = [await rig.bundle(), await rig.bundle({ facts: { version: 2 } })];
  await rig.hub.aim(first.ref);
  await serves(rig, 1);
  const seen = new Set<number>();
  let items = 0;
  await rig.hub.aim(second.ref);
  while (!seen.has(2)) {
    const asked = [item, item, item].map((one) => rig.agent.sink.answer([one]));
    for (const [answer] of await Promise.all(asked)) {
      assert.equal(answer?.item, items++);
      seen.add(answer?.version ?? 0);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual([...seen], [1, 2]);
});

test('a restarted agent serves before it has reached the hub, and says how the last one ended', async () => {
  await using rig = await startRig();
  const bundle = await rig.bundle();
  await rig.hub.aim(bundle.ref);
  await serves(rig, 1);
  await rig.restart();
  assert.equal((await rig.agent.sink.answer([item]))[0]?.version, 1);
  const exits = () =>
    rig.hub.events.flatMap(({ body }) => (body.kind === 'started' ? [body.previousExit] : []));
  await eventually(() => exits().length === 2);
  assert.deepEqual(exits(), ['first', 'clean']);
});

test('presence tells online, offline and stopped; each connection brings the state again', async () => {
  await using rig = await startRig();
  const told = () => rig.hub.presences.map(({ status, session }) => `${status} ${session}`);
  await eventually(() => told().length === 1 && rig.hub.states.length > 0);
  const states = rig.hub.states.length;
  rig.broker.cut('pi');
  await eventually(() => told().length === 3 && rig.hub.states.length > states);
  await rig.restart();
  await eventually(() => told().length === 5);
  assert.deepEqual(told(), ['online 1', 'offline 1', 'online 2', 'stopped 2', 'online 1']);
});

test('predictions are published when the target asks for them', async () => {
  await using rig = await startRig();
  const bundle = await rig.bundle();
  const seen: Message<'prediction'>[] = [];
  await rig.hubLink.subscribe('prediction', { fleet: 'home' }, (one) => seen.push(one));
  await rig.hub.aim(bundle.ref);
  await serves(rig, 1);
  await rig.agent.sink.answer([item]);
  const prediction = await eventually(() => seen[0]);
  assert.equal(prediction.model, 'tiny');
  assert.equal(prediction.item, 0);
  await rig.hub.aim(bundle.ref, { policies: { predictions: 'off', outboxBytes: 1e6 } });
  await eventually(() => rig.agent.state.observedGeneration === 2);
  await rig.agent.sink.answer([item]);
  await rig.hub.command({ kind: 'ping' });
  await eventually(() => rig.hub.replies.length === 1);
  assert.equal(seen.length, 1);
});

test('commands are answered once with their transaction, also those that cannot be obeyed', async () => {
  await using rig = await startRig({ parts: { logLines: () => ['a line'] } });
  await eventually(() => rig.hub.presences.length === 1);
  await rig.hub.command({ kind: 'ping' });
  await rig.hub.command({ kind: 'logs', lines: 5 });
  await rig.hub.command({ kind: 'ping' }, { generation: 2 });
  await rig.hub.command({ kind: 'restart' }, { generation: 9 });
  assert.deepEqual(await rig.agent.ended, { kind: 'restart' });
  await eventually(() => rig.hub.replies.length === 3);
  assert.deepEqual(
    rig.hub.replies.map(({ transaction, ok, lines }) => [transaction, ok, lines]),
    [
      ['t1', true, undefined],
      ['t2', true, ['a line']],
      ['t4', true, undefined],
    ],
  );
});

test('a capture keeps random and unsure inputs, offers them, and sends what the hub wants', async () => {
  await using rig = await startRig();
  const bundle = await rig.bundle();
  const parts: string[] = [];
  await rig.hubLink.subscribe('sample', { fleet: 'home' }, (bytes, { digest, part }) =>
    parts.push(`${digest} ${part} ${bytes.join()}`),
  );
  await rig.hub.aim(bundle.ref);
  await serves(rig, 1);
  await rig.hub.command({ kind: 'capture', model: 'tiny', random: 3, uncertain: 2, among: 50 });
  await eventually(() => rig.hub.replies.length === 1);
  const inputs = Array.from({ length: 60 }, (_, index) => Uint8Array.of(index, 1, 2, 3));
  await rig.agent.sink.answer(inputs);
  const offers = await eventually(() => {
    const all = rig.hub.events.flatMap(({ body }) => (body.kind === 'sample' ? [body] : []));
    return all.length === 5 && all;
  });
  assert.deepEqual(offers.map(({ reason }) => reason).sort(), [
    'random',
    'random',
    'random',
    'uncertain',
    'uncertain',
  ]);
  assert.deepEqual(new Set(offers.map(({ request }) => request)), new Set(['t1']));
  const { sample } = offers[0] ?? { sample: '' };
  const want = { digest: sample, parts: 1, missing: [0] };
  await rig.hubLink.publish('want', { fleet: 'home', device: 'pi' }, want);
  await eventually(() => parts.length === 1);
  assert.ok(inputs.some((input) => parts[0] === `${sample} 0 ${input.join()}`));
  await rig.hubLink.publish(
    'want',
    { fleet: 'home', device: 'pi' },
    { ...want, digest: 'a'.repeat(64) },
  );
  await eventually(() => errors(rig).includes('not-found'));
});
