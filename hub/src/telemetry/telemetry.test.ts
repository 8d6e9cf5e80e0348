import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  type Committed,
  type EventBody,
  encodeMessage,
  encodeWindow,
  FleetError,
  limits,
} from '@edgewise/protocol';
import {
  connectAgent,
  enrolDevice,
  hear,
  type TestAgent,
  testWindow,
} from '../testing/test-agent.test.fixture.ts';
import {
  eventually,
  startTestHub,
  type TestHub,
  withCode,
} from '../testing/test-hub.test.fixture.ts';

async function startWith(
  device: string,
  options: Parameters<typeof startTestHub>[0] = {},
): Promise<{ readonly hub: TestHub; readonly agent: TestAgent } & AsyncDisposable> {
  const hub = await startTestHub(options);
  const agent = await connectAgent(hub, await enrolDevice(hub, device));
  return {
    hub,
    agent,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await hub[Symbol.asyncDispose]();
    },
  };
}

const event = (sequence: number, body?: EventBody) => ({
  v: 1,
  epoch: 7,
  sequence,
  atMs: 1000 + sequence,
  body: body ?? ({ kind: 'error', code: 'timeout', detail: 'slow' } as const),
});
const covers = (sequence: number) => (committed: Committed) =>
  committed.window?.sequence === sequence && committed.window.gaps.length === 0;

test('a window is stored, then signalled, then covered', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  const order: string[] = [];
  hub.telemetry.windowStored.on(({ window }) => {
    order.push(`signal ${window.sequence}, told ${agent.heard('committed').length}`);
  });
  await agent.say('window', testWindow(1));
  const { window } = await hear(agent, 'committed', covers(1));
  assert.deepEqual(window, { epoch: 7, sequence: 1, gaps: [] });
  assert.deepEqual(order, ['signal 1, told 0']);
  const [stored] = await hub.telemetry.windows('cam', { limit: 10 });
  assert.deepEqual(stored?.window, testWindow(1));
  assert.equal(await hub.telemetry.windowCount(), 1);
});

test('replays are stored and signalled once and covered again', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  const signalled: number[] = [];
  hub.telemetry.windowStored.on(({ window }) => signalled.push(window.sequence));
  for (const sequence of [1, 2, 1, 2, 3]) await agent.say('window', testWindow(sequence));
  await hear(agent, 'committed', covers(3));
  const told = agent.heard('committed').length;
  await agent.say('window', testWindow(2));
  await eventually(() => agent.heard('committed').length > told);
  assert.deepEqual(signalled, [1, 2, 3]);
  assert.equal((await hub.telemetry.ledger('cam')).received, 3);
});

test('the newest window and the ledger are never older than the last signal', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  const seen: Promise<readonly number[]>[] = [];
  hub.telemetry.windowStored.on(({ window }) => {
    const look = async () => {
      const [newest] = await hub.telemetry.windows('cam', { limit: 1 });
      const { received } = await hub.telemetry.ledger('cam');
      return [window.sequence, newest?.window.sequence ?? 0, received];
    };
    seen.push(look());
  });
  for (const sequence of [1, 2, 3]) {
    await agent.say('window', testWindow(sequence));
    await hear(agent, 'committed', covers(sequence));
  }
  assert.deepEqual(await Promise.all(seen), [
    [1, 1, 1],
    [2, 2, 2],
    [3, 3, 3],
  ]);
});

test('windows come newest first, and after a place oldest first', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  for (const sequence of [1, 2, 3, 4]) await agent.say('window', testWindow(sequence));
  await hear(agent, 'committed', covers(4));
  const sequences = (found: readonly { readonly window: { readonly sequence: number } }[]) =>
    found.map(({ window }) => window.sequence);
  assert.deepEqual(sequences(await hub.telemetry.windows('cam', { limit: 3 })), [4, 3, 2]);
  const beforeMs = testWindow(3).startMs;
  assert.deepEqual(sequences(await hub.telemetry.windows('cam', { limit: 9, beforeMs })), [2, 1]);
  const after = { epoch: 7, sequence: 2 };
  assert.deepEqual(sequences(await hub.telemetry.windowsAfter('cam', after, 9)), [3, 4]);
  const earlier = { epoch: 6, sequence: 99 };
  assert.deepEqual(sequences(await hub.telemetry.windowsAfter('cam', earlier, 2)), [1, 2]);
});

test('what is missing is named, and what the device dropped is accounted for', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  for (const sequence of [1, 4, 5, 8]) await agent.say('window', testWindow(sequence));
  const gaps = (wanted: number) => (committed: Committed) =>
    committed.window?.sequence === 8 && committed.window.gaps.length === wanted;
  const { window } = await hear(agent, 'committed', gaps(2));
  assert.deepEqual(window?.gaps, [
    [2, 3],
    [6, 7],
  ]);
  const dropped = { kind: 'dropped', class: 'window', first: 2, last: 3 } as const;
  await agent.say('event', event(1, dropped));
  await hear(agent, 'committed', gaps(1));
  await agent.say('window', testWindow(6));
  await agent.say('window', testWindow(7));
  await hear(agent, 'committed', gaps(0));
  assert.deepEqual(await hub.telemetry.ledger('cam'), {
    received: 7,
    missing: 0,
    dropped: 2,
    quarantined: 0,
  });
});

test('a device that names more as dropped than it has sent loses nothing of what comes', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  await agent.say('window', testWindow(1));
  const dropped = { kind: 'dropped', class: 'window', first: 2, last: 1_000_000 } as const;
  await agent.say('event', event(1, dropped));
  const told = await hear(agent, 'committed', (committed) => committed.event?.sequence === 1);
  assert.deepEqual(told.window, { epoch: 7, sequence: 1, gaps: [] });
  await agent.say('window', testWindow(5));
  await hear(agent, 'committed', covers(5));
  assert.equal((await hub.telemetry.windows('cam', { limit: 9 })).length, 2);
});

test('copies, reordering and a wiped outbox leave the loss ledger exact', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  for (const sequence of [3, 1, 3, 2, 1]) await agent.say('window', testWindow(sequence));
  await hear(agent, 'committed', covers(3));
  for (const sequence of [4, 2, 2]) {
    await agent.say('window', { ...testWindow(sequence), epoch: 8 });
  }
  const gaps = [
    [1, 1],
    [3, 3],
  ];
  const isTold = ({ window }: Committed) => window?.epoch === 8 && window.gaps.length === 2;
  const { window } = await hear(agent, 'committed', isTold);
  assert.deepEqual(window, { epoch: 8, sequence: 4, gaps });
  const ledger = { received: 5, missing: 2, dropped: 0, quarantined: 0 };
  assert.deepEqual(await hub.telemetry.ledger('cam'), ledger);
});

test('an unreadable message is set aside raw; a newer version is covered', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  await agent.say('window', testWindow(1));
  const newer = encodeWindow(testWindow(2));
  newer[0] = 99;
  await agent.sayBytes('window', newer);
  await agent.sayBytes('window', Uint8Array.of(1, 2, 3));
  await agent.sayBytes('window', new Uint8Array());
  await agent.sayBytes('window', randomBytes(33_000));
  await agent.sayBytes('event', new TextEncoder().encode('{"v":1,"epoch":7,'));
  await agent.sayBytes('event', new TextEncoder().encode('{"v":9,"epoch":7,"sequence":1}'));
  await agent.say('window', testWindow(3));
  await hear(agent, 'committed', covers(3));
  const rows = await hub.db.selectFrom('quarantine').selectAll().execute();
  assert.deepEqual(rows.map(({ code }) => code).sort(), [
    'malformed',
    'malformed',
    'malformed',
    'newer-version',
    'newer-version',
    'too-large',
  ]);
  const [raw] = rows.filter(({ class: kind, sequence }) => kind === 'window' && sequence === 2);
  assert.deepEqual(new Uint8Array(raw?.body ?? []), newer);
  await hear(agent, 'committed', ({ event: mark }) => mark?.sequence === 1);
  assert.equal((await hub.telemetry.ledger('cam')).quarantined, 6);
  assert.equal(agent.client.connected, true);
});

test('a full disk withholds the watermark until there is room again', async () => {
  let isFull = true;
  const full = () => new FleetError('disk-full', 'No room.');
  const beforeCommit = () => (isFull ? Promise.reject(full()) : Promise.resolve());
  await using fixture = await startWith('cam', { beforeCommit });
  const { hub, agent } = fixture;
  await agent.say('window', testWindow(1));
  await agent.say('window', testWindow(2));
  assert.deepEqual(await hub.telemetry.windows('cam', { limit: 9 }), []);
  assert.deepEqual(agent.heard('committed'), []);
  isFull = false;
  for (const sequence of [1, 2]) await agent.say('window', testWindow(sequence));
  await hear(agent, 'committed', covers(2));
  assert.equal((await hub.telemetry.windows('cam', { limit: 9 })).length, 2);
});

test('a device is told at most once in the span, and at once when it comes back', async () => {
  await using fixture = await startWith('cam', { watermarkMs: 150 });
  const { hub, agent } = fixture;
  const began = performance.now();
  for (let sequence = 1; sequence <= 60; sequence++)
    await agent.say('window', testWindow(sequence));
  await hear(agent, 'committed', covers(60));
  const spans = Math.ceil((performance.now() - began) / 150);
  assert.ok(agent.heard('committed').length <= spans + 1);
  await agent.say('presence', {
    v: 1,
    status: 'online',
    instance: 'cam-1',
    session: 2,
    atMs: hub.clock.now(),
  });
  const told = agent.heard('committed').length;
  await eventually(() => agent.heard('committed').length > told);
});

test('events are kept with their epoch; an outbox that was lost begins anew', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  await agent.say('event', event(1));
  await agent.say('event', event(2));
  await agent.say('event', { ...event(1), epoch: 8 });
  const told = await hear(agent, 'committed', (committed) => committed.event?.epoch === 8);
  assert.deepEqual(told.event, { epoch: 8, sequence: 1, gaps: [] });
  const events = await hub.telemetry.events('cam', { limit: 9 });
  assert.deepEqual(
    events.map((stored) => `${stored.event.epoch}/${stored.event.sequence}`),
    ['8/1', '7/2', '7/1'],
  );
});

test('a sample comes part by part, is checked, and lost parts are asked for again', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  const bytes = randomBytes(2 * limits.blockSizeBytes + 100);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const part = (index: number) =>
    bytes.subarray(index * limits.blockSizeBytes, (index + 1) * limits.blockSizeBytes);
  const fetched = hub.telemetry.fetchSample('cam', digest, 3);
  const wanted = await hear(agent, 'want');
  assert.deepEqual(wanted, { digest, parts: 3, missing: [0, 1, 2] });
  for (const index of [2, 0, 0, 1]) {
    await agent.say('sample', part(index), { digest, part: String(index) });
  }
  assert.deepEqual(new Uint8Array(await fetched), new Uint8Array(bytes));
  const forged = hub.telemetry.fetchSample('cam', 'ef'.repeat(32), 1);
  await hear(agent, 'want', (message) => message.parts === 1);
  await agent.say('sample', part(0), { digest: 'ef'.repeat(32), part: '0' });
  await assert.rejects(forged, withCode('digest-mismatch'));
});

test('a sample that does not come is given up when its caller leaves', async () => {
  await using fixture = await startWith('cam');
  const caller = new AbortController();
  const fetched = fixture.hub.telemetry.fetchSample('cam', 'ab'.repeat(32), 1, caller.signal);
  await hear(fixture.agent, 'want');
  caller.abort();
  await assert.rejects(fetched, withCode('canceled'));
});

test('what one device says is never taken for another', async () => {
  await using fixture = await startWith('cam');
  const { hub, agent } = fixture;
  const other = await connectAgent(hub, await enrolDevice(hub, 'other'));
  await agent.say('window', testWindow(1));
  await other.sayBytes('window', encodeMessage('window', testWindow(5)));
  await hear(agent, 'committed', covers(1));
  await hear(other, 'committed', (committed) => committed.window?.sequence === 5);
  assert.equal((await hub.telemetry.windows('cam', { limit: 9 })).length, 1);
  await other[Symbol.asyncDispose]();
});
