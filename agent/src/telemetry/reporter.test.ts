import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceState } from '@edgewise/protocol';
import { emptyRoles } from '../core/slot.ts';
import { eventually } from '../testing/eventually.ts';
import { createManualClock } from '../testing/manual-clock.ts';
import { createMemoryBroker } from '../testing/memory-broker.ts';
import { startReporter } from './reporter.ts';
import { stateOf } from './state.ts';

const params = { fleet: 'home', device: 'pi' };

async function aReporter() {
  const broker = createMemoryBroker();
  const [link, hub, clock] = [broker.link(), broker.link(), createManualClock()];
  const seen: DeviceState[] = [];
  await hub.subscribe('state', params, (state) => seen.push(state));
  let served = 0;
  const state = () =>
    stateOf(
      { device: 'pi', instance: 'i', agentVersion: '0.1.0', deviceClass: 'x64' },
      {
        atMs: clock.nowMs(),
        clock: 'system',
        observedGeneration: 0,
        roles: emptyRoles,
        health: {
          uptimeMs: clock.nowMs(),
          rssBytes: clock.nowMs() % 1000,
          served,
          outboxMessages: 0,
          outboxBytes: 0,
          outboxDropped: 0,
        },
      },
    );
  const reporter = startReporter({
    ...params,
    link,
    clock,
    state,
    quietMs: 250,
    heartbeatMs: 30_000,
  });
  const serve = () => served++;
  await eventually(() => seen.length === 1);
  return { reporter, link, clock, seen, serve };
}

test('changes that come together are reported together', async () => {
  const { reporter, clock, seen } = await aReporter();
  await using _reporter = reporter;
  for (let count = 0; count < 5; count++) reporter.touch();
  await clock.advance(250);
  await eventually(() => seen.length === 2);
  await clock.advance(250);
  assert.equal(seen.length, 2);
});

test('an idle device reports every tenth beat, one that serves every beat', async () => {
  const { reporter, clock, seen, serve } = await aReporter();
  await using _reporter = reporter;
  for (let beat = 1; beat <= 9; beat++) await clock.advance(30_000);
  assert.equal(seen.length, 1);
  await clock.advance(30_000);
  await eventually(() => seen.length === 2);
  serve();
  await clock.advance(30_000);
  await eventually(() => seen.length === 3);
});

test('each connection brings the state, and so does the end', async () => {
  const { reporter, link, seen } = await aReporter();
  link.disconnect();
  link.connect();
  await eventually(() => seen.length === 2);
  await reporter[Symbol.asyncDispose]();
  await eventually(() => seen.length === 3);
});
