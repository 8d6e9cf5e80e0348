import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Agent, createAgent } from '@edgewise/agent';
import {
  type AgentLink,
  createDeviceSignIn,
  createKeyTrust,
  createMemoryDisk,
  createMemoryOutbox,
  createMqttLink,
  createSystemClock,
  enrol,
  openBrokerSocket,
  parseToken,
  readKey,
  silentLog,
} from '@edgewise/agent/parts';
import { sha256 } from '@edgewise/models/crypto';
import { encodeMessage, mebibytes, seconds, topicOf } from '@edgewise/protocol';
import { simulatedClass, simulatedRuntime } from './simulated-bundle.ts';

/** An agent without hardware: real core and connection, simulated engine and disk. */
export interface SimulatedAgent extends AsyncDisposable {
  readonly device: string;
  readonly agent: Agent;
}

interface Start {
  readonly device: string;
  readonly token: string;
  readonly folder: string;
  /** Stands between the agent and its connection. */
  readonly through?: (link: AgentLink) => AgentLink;
}

const agentVersion = '0.1.0';
const clock = createSystemClock();
/** A trial that ends soon, since nobody asks a simulated agent anything. */
const tuning = { trial: { inputs: 20, spanMs: seconds(1), failures: 3 } };

/** Enrols a device over HTTP, connects it over TCP and starts its agent. */
export async function startSimulatedAgent(start: Start): Promise<SimulatedAgent> {
  const { device, through = (link) => link } = start;
  const folder = path.join(start.folder, device);
  const { enrolment, fingerprint } = await enrol(parseToken(start.token), {
    folder,
    deviceClass: simulatedClass,
    agentVersion,
    name: device,
  });
  const { fleet, hub, broker, hubPublicKey, bundleKeys } = enrolment;
  const privateKeyPem = await readKey(folder);
  if (privateKeyPem === undefined) throw new Error(`${device} has lost its key.`);
  const instance = randomBytes(8).toString('hex');
  const nowMs = () => clock.nowMs();
  const will = (session: number) => ({
    topic: topicOf('presence', { fleet, device }),
    payload: encodeMessage('presence', {
      ...{ v: 1, status: 'offline', instance, session, atMs: nowMs() },
    }),
  });
  const link = through(
    createMqttLink({
      openSocket: (signal) => openBrokerSocket(broker, { fingerprint, signal }),
      signIn: createDeviceSignIn({ device, hub, instance, privateKeyPem, nowMs }),
      will,
      clock,
      random: Math.random,
      onUnreadable: () => undefined,
      onTrouble: () => undefined,
    }),
  );
  const outbox = createMemoryOutbox({ epoch: 1, budgetBytes: mebibytes(1) });
  const agent = await createAgent({
    ...{ fleet, device, instance, deviceClass: simulatedClass, agentVersion, link, outbox },
    ...{ clock, sha256, tuning, log: silentLog, random: Math.random, sources: [] },
    runtime: simulatedRuntime(),
    disk: createMemoryDisk(),
    clockSource: () => 'system',
    trust: createKeyTrust({ hubPublicKey, bundleKeys }),
    logLines: () => [],
    rssBytes: () => process.memoryUsage.rss(),
  });
  return {
    device,
    agent,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
      outbox[Symbol.dispose]();
    },
  };
}
