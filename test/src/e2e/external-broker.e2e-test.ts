/** The same flows through a real Mosquitto instead of the embedded broker. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type Feeder, feed } from './feeder.ts';
import { freePort } from './free-port.ts';
import { findProgram, without } from './programs.ts';
import { pumps, registerPumps, trainPumps } from './pumps.ts';
import { openStage, type Stage, type StagedAgent, untilDevice } from './stage.ts';
import { until } from './until.ts';

const skip = without('mosquitto');
const cleanup = new AsyncDisposableStack();
let stage: Stage;
let agents: readonly StagedAgent[];
let feeders: readonly Feeder[];

before(async () => {
  if (skip !== false) return;
  const port = await freePort();
  cleanup.use(await startMosquitto(port));
  stage = cleanup.use(await openStage({ hubArguments: ['--broker', `mqtt://127.0.0.1:${port}`] }));
  agents = [await stage.enrol('pump-1'), await stage.enrol('pump-2')];
  for (const agent of agents) await agent.start();
  feeders = agents.map((agent) => cleanup.use(feed(agent)));
  await registerPumps(stage.client, {
    ...{ epochs: 10, width: 256 },
    policies: { windowSamples: 50, windowMaxSpanMs: 1000, windowMinSpanMs: 0, predictions: 'qos0' },
  });
  await trainPumps(stage.client);
});

after(() => cleanup.disposeAsync());

test('a hub on Mosquitto brings a model to its devices', { skip }, async () => {
  const { broker } = await stage.client.call('status');
  assert.equal(broker.kind, 'external');
  assert.equal(broker.connected, true);
  const { id } = await stage.client.call('startRollout', { body: { model: pumps, version: 1 } });
  const rollout = await until(
    async () => {
      const now = await stage.client.call('getRollout', { params: { rollout: id } });
      return now.status !== 'running' && now;
    },
    { what: 'the rollout', timeoutMs: 60_000 },
  );
  assert.equal(rollout.status, 'done', rollout.reason ?? '');
  for (const { versions } of feeders) await until(() => versions.has(1), { what: 'answers' });
});

test('windows come in under a watermark and leave the outbox', { skip }, async () => {
  for (const { device } of agents) {
    const { loss } = await untilDevice(stage, device, {
      fits: (now) => now.lastWindowAtMs !== null && now.loss.received > 5,
      what: 'to report windows',
    });
    assert.equal(loss.missing, 0);
  }
});

test('commands are answered, and a killed agent is seen as offline by its last will', {
  skip,
}, async () => {
  const [first, second] = agents;
  assert.ok(first && second);
  const reply = await stage.client.call('commandDevice', {
    params: { device: first.device },
    body: { kind: 'ping' },
  });
  assert.equal(reply.ok, true);
  await second.crash();
  await untilDevice(stage, second.device, {
    fits: ({ presence }) => presence.status === 'offline',
    what: 'to be offline',
  });
  await second.start();
  await untilDevice(stage, second.device, {
    fits: ({ presence, converged }) => presence.status === 'online' && converged,
    what: 'to be back',
  });
});

test('a hub that is killed finds its fleet again, and gets what the broker has dropped meanwhile', {
  skip,
}, async () => {
  await stage.crashHub();
  const backAtMs = Date.now();
  for (const { device } of agents) {
    await untilDevice(stage, device, {
      fits: ({ presence, converged, lastWindowAtMs, loss }) =>
        presence.status === 'online' &&
        converged &&
        (lastWindowAtMs ?? 0) > backAtMs + 2000 &&
        loss.missing === 0,
      what: 'to be known again',
    });
  }
  await until(async () => (await stage.client.call('status')).unexplainedLosses === 0, {
    what: 'every loss to be made good',
  });
});

/** A broker on a port of this machine, with the queue limits that a hub needs. */
async function startMosquitto(port: number): Promise<AsyncDisposable> {
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-mosquitto-'));
  const file = path.join(folder, 'mosquitto.conf');
  await writeFile(
    file,
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence false',
      'max_inflight_messages 1000',
      'max_queued_messages 100000',
      'max_packet_size 65536',
    ].join('\n'),
  );
  const child = spawn(findProgram('mosquitto') ?? '', ['-c', file], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await until(() => accepts(port), { what: 'Mosquitto' });
  return {
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
