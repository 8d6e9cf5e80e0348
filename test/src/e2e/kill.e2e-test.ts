/** Power cuts of agents and hub in the middle of everything: it all converges, and no promise breaks. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ModelVersion, Rollout } from '@edgewise/protocol/http';
import { type Feeder, feed } from './feeder.ts';
import { type PacedRelay, startPacedRelay } from './paced-relay.ts';
import { finishedRun, pumps, readings, registerPumps, trainPumps } from './pumps.ts';
import { openStage, type Stage, type StagedAgent, untilDevice } from './stage.ts';
import { until } from './until.ts';
import { recordWatermarks, type WatermarkRecord } from './watermarks.ts';

/** A bundle of about 300 kB takes some three seconds at this pace. */
const slowBytesPerSecond = 100_000;
const half = 150_000;

const cleanup = new AsyncDisposableStack();
let stage: Stage;
let watermarks: WatermarkRecord;
let relays: readonly PacedRelay[];
let agents: readonly StagedAgent[];
let feeders: readonly Feeder[];
let first: ModelVersion;

before(async () => {
  stage = cleanup.use(await openStage());
  const { client, brokerPort } = stage;
  watermarks = cleanup.use(await recordWatermarks({ client, broker: stage.hub.address.broker }));
  relays = [await startPacedRelay(brokerPort), await startPacedRelay(brokerPort)];
  for (const relay of relays) cleanup.use(relay);
  agents = [
    await stage.enrol('pump-1', { broker: relays[0]?.address ?? '' }),
    await stage.enrol('pump-2', { broker: relays[1]?.address ?? '' }),
  ];
  for (const agent of agents) await agent.start();
  const policies = { windowSamples: 50, windowMinSpanMs: 0, windowMaxSpanMs: 1000 };
  await registerPumps(client, {
    epochs: 45,
    width: 1024,
    policies: { ...policies, autoRetrain: false },
  });
  first = await trainPumps(client);
  feeders = agents.map((agent) => cleanup.use(feed(agent)));
  await rolledOut(await order(1), 'done');
});

after(() => cleanup.disposeAsync());

test('a hub that is killed while it trains goes on to the same bytes', async () => {
  const { id } = await stage.client.call('startRun', { body: { model: pumps, seed: 1 } });
  await until(
    async () => {
      const { step, progress } = await stage.client.call('getRun', { params: { run: id } });
      return step === 'train' && progress > 0.6;
    },
    { what: 'a training under way', everyMs: 20 },
  );
  await stage.crashHub();
  const second = await finishedRun(stage.client, id);
  assert.equal(second.version, 2);
  assert.equal(second.fp32.digest, first.fp32.digest);
});

test('an agent that is killed in download, installation and activation arrives all the same', async () => {
  const [agent, relay] = [agents[0], relays[0]];
  assert.ok(agent && relay);
  relay.pace(slowBytesPerSecond);
  relays[1]?.pace(slowBytesPerSecond);
  const from = relay.receivedBytes;
  const rollout = await order(2);

  await until(() => relay.receivedBytes > from + half, { what: 'half of the bundle', everyMs: 5 });
  await restarted(agent, 1);
  relay.pace(Number.POSITIVE_INFINITY);
  await untilDone(agent, 'verifyBundle');
  await restarted(agent, 1);
  await untilDone(agent, 'proveSlot');
  await restarted(agent);
  await untilDevice(stage, agent.device, {
    fits: ({ converged }) => converged,
    what: 'to serve version 2',
  });
  assert.equal(await versionOf(agent), 2);
  assert.equal((await stage.client.call('getRollout', { params: { rollout } })).status, 'running');
});

test('a hub that is killed during a rollout brings it to its end', async () => {
  const [rollout] = await stage.client.call('listRollouts');
  const [agent, relay] = [agents[1], relays[1]];
  assert.ok(agent && relay && rollout?.status === 'running');
  const from = relay.receivedBytes;
  await until(() => relay.receivedBytes > from + half, { what: 'half of the bundle', everyMs: 5 });
  await stage.crashHub();
  relay.pace(Number.POSITIVE_INFINITY);
  await rolledOut(rollout.id, 'done');
  assert.equal(await versionOf(agent), 2);
});

test('only versions that were rolled out ever answered', () => {
  for (const { versions } of feeders) assert.deepEqual([...versions].sort(), [1, 2]);
});

test('nothing that a watermark covers is missing, and no loss is unexplained', async () => {
  for (const { device } of agents) {
    await until(() => watermarks.covered(device) >= 5, { what: `windows of ${device}` });
    assert.deepEqual(await watermarks.missing(stage.client, device), []);
    await untilDevice(stage, device, {
      fits: ({ loss }) => loss.missing === 0,
      what: 'to miss nothing',
    });
  }
  await until(async () => (await stage.client.call('status')).unexplainedLosses === 0, {
    what: 'every loss to be explained',
  });
});

async function order(version: number): Promise<string> {
  const { id } = await stage.client.call('startRollout', { body: { model: pumps, version } });
  return id;
}

async function rolledOut(id: string, status: Rollout['status']): Promise<void> {
  const rollout = await until(
    async () => {
      const now = await stage.client.call('getRollout', { params: { rollout: id } });
      return now.status !== 'running' && now;
    },
    { what: `rollout ${id}`, timeoutMs: 60_000, everyMs: 100 },
  );
  assert.equal(rollout.status, status, rollout.reason ?? '');
}

/** Kills an agent and starts it again; it serves a whole bundle at once, the given version where it is certain. */
async function restarted(agent: StagedAgent, version?: number): Promise<void> {
  await agent.crash();
  await agent.start();
  const serves = await versionOf(agent);
  if (version !== undefined) assert.equal(serves, version);
}

async function versionOf(agent: StagedAgent): Promise<number | undefined> {
  const [reading] = readings(1, 3);
  const [answer] = await agent.predict([[...(reading?.values ?? [])]]);
  return answer?.version;
}

/** Resolves as soon as the agent says that a step is done; the next one is under way then. */
function untilDone(agent: StagedAgent, step: string): Promise<unknown> {
  const { program } = agent;
  return until(
    () => program.log.some((line) => line.includes(`"${step}"`) && line.includes('Step done.')),
    { what: `${step} of ${agent.device}`, everyMs: 2 },
  );
}
