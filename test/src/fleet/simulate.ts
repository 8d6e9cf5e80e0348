import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDeviceSignIn, enrol, parseToken, readKey } from '@edgewise/agent/parts';
import type { Client } from '@edgewise/hub/client';
import { createSigner } from '@edgewise/models/crypto';
import type { Say } from '../demo/say.ts';
import { type RunningHub, startHub } from '../demo/stack.ts';
import type { PublishCount } from './messages.ts';
import { percentile } from './percentile.ts';
import { type Pinger, startPinger } from './pinger.ts';
import {
  importSimulated,
  registerModel,
  simulatedClass,
  simulatedModel,
} from './simulated-bundle.ts';
import { startStuckReaders } from './stuck-readers.ts';
import { type Swarm, startSwarm } from './swarm.ts';

/** Size of a simulation. */
export interface FleetOptions {
  readonly agents: number;
  readonly processes: number;
  /** Size of the graph that is pushed. */
  readonly bundleBytes: number;
  /** Clients that stop reading during the second push. */
  readonly stuck: number;
  readonly say: Say;
}

/** What one push of a bundle to the whole fleet cost. */
export interface PushFigures {
  /** From the order to the last agent that serves it. */
  readonly seconds: number;
  /** Publishes of a block in one lane: mean over blocks and lanes of the graph, and the worst lane. */
  readonly publishesPerBlock: number;
  readonly worstLane: number;
  readonly lanes: number;
  readonly pings: number;
  readonly pingP50Ms: number;
  readonly pingP99Ms: number;
  /** Of the hub's process during the push. */
  readonly loopDelayP99Ms: number;
}

/** What a simulation measured. */
export interface FleetFigures {
  readonly agents: number;
  readonly enrolSeconds: number;
  readonly hubRssBytes: number;
  readonly push: PushFigures;
  /** The same while some clients have stopped reading. */
  readonly pushBesideStuck: PushFigures;
}

/** Loads a real hub process with simulated agents and pushes two bundles through it. */
export async function simulateFleet(options: FleetOptions): Promise<FleetFigures> {
  const { say, agents } = options;
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'edgewise-fleet-'));
  cleanup.defer(() => rm(folder, { recursive: true, force: true }));
  const hub = await startHub({ folder: path.join(folder, 'hub') });
  cleanup.use(hub.program);
  const bundles = await importTwo(hub, path.join(folder, 'hub'), options.bundleBytes);

  const startedMs = performance.now();
  const swarm = cleanup.use(await enrolAll(hub.client, folder, options));
  const enrolSeconds = (performance.now() - startedMs) / 1000;
  say.fact(`${agents} agents enrolled and connected in ${enrolSeconds.toFixed(1)} s`);

  const reader = await createReader(hub.client);
  const pinger = cleanup.use(await pingThrough(hub, folder, reader));
  const pushing: Pushing = { client: hub.client, swarm, pinger, agents };
  const push = await pushVersion(pushing, 1, bundles[0]);
  say.fact(describe(push));
  const { fleet } = await hub.client.call('status');
  const { broker } = hub.address;
  cleanup.use(await startStuckReaders({ broker, fleet, reader, count: options.stuck }));
  const pushBesideStuck = await pushVersion(pushing, 2, bundles[1]);
  say.fact(`beside ${options.stuck} clients that stopped reading: ${describe(pushBesideStuck)}`);
  const hubRssBytes = await metric(hub.client, 'process_resident_memory_bytes');
  return { agents, enrolSeconds, hubRssBytes, push, pushBesideStuck };
}

function describe({ seconds, publishesPerBlock, pingP99Ms }: PushFigures): string {
  return `served everywhere after ${seconds.toFixed(1)} s, ${publishesPerBlock.toFixed(2)} publishes per block and lane, ping p99 ${pingP99Ms.toFixed(1)} ms`;
}

/** A graph that is pushed, as its digest and number of blocks. */
interface Pushed {
  readonly digest: string;
  readonly blocks: number;
}

async function importTwo(
  hub: RunningHub,
  folder: string,
  graphBytes: number,
): Promise<readonly [Pushed, Pushed]> {
  const signer = createSigner(await readFile(path.join(folder, 'bundle-key.pem'), 'utf8'));
  await registerModel(hub.client);
  const pushed = async (version: number): Promise<Pushed> => {
    const { manifest } = await importSimulated(hub.client, { version, graphBytes, signer });
    const graph = manifest.blobs.find(({ name }) => name === 'graph.onnx');
    return { digest: graph?.sha256 ?? '', blocks: graph?.blocks.length ?? 0 };
  };
  return [await pushed(1), await pushed(2)];
}

/** The first device, which a rollout serves first, is the one that counts publishes. */
async function enrolAll(
  client: Client,
  folder: string,
  { agents, processes }: FleetOptions,
): Promise<Swarm> {
  const tokens: [string, string][] = [];
  for (let index = 0; index < agents; index++) {
    const { token } = await client.call('createEnrolment');
    tokens.push([`sim-${String(index).padStart(5, '0')}`, token]);
  }
  return await startSwarm({ tokens, processes, folder: path.join(folder, 'devices') });
}

interface Reader {
  readonly name: string;
  readonly token: string;
}

async function createReader(client: Client): Promise<Reader> {
  const name = 'watcher';
  const { token } = await client.call('createToken', { body: { name, scope: 'read' } });
  return { name, token };
}

async function pingThrough(hub: RunningHub, root: string, reader: Reader): Promise<Pinger> {
  const device = 'pinger';
  const { token } = await hub.client.call('createEnrolment');
  const folder = path.join(root, device);
  const { enrolment } = await enrol(parseToken(token), {
    folder,
    deviceClass: simulatedClass,
    agentVersion: '0.1.0',
    name: device,
  });
  const privateKeyPem = (await readKey(folder)) ?? '';
  const { fleet, broker } = enrolment;
  const nowMs = () => Date.now();
  const signIn = createDeviceSignIn({
    ...{ device, hub: enrolment.hub, instance: 'pinger', privateKeyPem, nowMs },
  });
  return await startPinger({ broker, fleet, device, signIn, reader });
}

interface Pushing {
  readonly client: Client;
  readonly swarm: Swarm;
  readonly pinger: Pinger;
  readonly agents: number;
}

const pushTimeoutMs = 120_000;

async function pushVersion(
  { client, swarm, pinger, agents }: Pushing,
  version: number,
  pushed: Pushed,
): Promise<PushFigures> {
  // Reading the metrics starts a new span of the loop delay.
  await metric(client, loopDelay);
  pinger.take();
  const startedMs = performance.now();
  const devices = Array.from({ length: agents }, (_, at) => `sim-${String(at).padStart(5, '0')}`);
  const { id } = await client.call('startRollout', {
    body: { model: simulatedModel, version, devices },
  });
  try {
    await swarm.untilServing(version, agents, pushTimeoutMs);
  } catch (cause) {
    const { status, reason } = await client.call('getRollout', { params: { rollout: id } });
    throw new Error(`The rollout is ${status}: ${reason ?? 'no reason yet'}`, { cause });
  }
  const seconds = (performance.now() - startedMs) / 1000;
  const times = pinger.take();
  return {
    seconds,
    ...publishFigures(swarm.counts, pushed),
    pings: times.length,
    pingP50Ms: percentile(times, 0.5),
    pingP99Ms: percentile(times, 0.99),
    loopDelayP99Ms: 1000 * (await metric(client, loopDelay)),
  };
}

function publishFigures(counts: readonly PublishCount[], { digest, blocks }: Pushed) {
  const perLane = counts
    .filter((count) => count.digest === digest)
    .map(({ publishes }) => publishes / blocks);
  const sum = perLane.reduce((total, share) => total + share, 0);
  return {
    lanes: perLane.length,
    publishesPerBlock: sum / perLane.length,
    worstLane: Math.max(...perLane),
  };
}

const loopDelay = 'nodejs_eventloop_lag_p99_seconds';

/** One figure without labels of the hub's Prometheus page. */
async function metric(client: Client, name: string): Promise<number> {
  const page = new TextDecoder().decode(await client.call('metrics'));
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(page)?.[1] ?? Number.NaN);
}
