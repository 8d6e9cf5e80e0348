import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Agent, type AgentParts, createAgent } from '@edgewise/agent';
import {
  type AgentLink,
  createDeviceSignIn,
  createKeyTrust,
  createMqttLink,
  createSystemClock,
  enrol,
  openBrokerSocket,
  parseToken,
  presenceWill,
  readKey,
  silentLog,
} from '@edgewise/agent/parts';
import { sha256 } from '@edgewise/models/crypto';

/** An agent in this process, without sources: whoever started it gives its sink inputs. */
export interface AgentHere extends AsyncDisposable {
  readonly device: string;
  readonly agent: Agent;
}

/** How it is started. */
export interface AgentHereStart
  extends Pick<AgentParts, 'runtime' | 'deviceClass' | 'disk' | 'outbox' | 'tuning'> {
  readonly device: string;
  readonly token: string;
  /** Holds one folder for each device. */
  readonly folder: string;
  /** Stands between the agent and its connection. */
  readonly through?: ((link: AgentLink) => AgentLink) | undefined;
}

const agentVersion = '0.1.0';
const clock = createSystemClock();

/** Enrols a device over HTTP, connects it over TCP and starts its agent, which then owns the outbox. */
export async function startAgentHere(start: AgentHereStart): Promise<AgentHere> {
  const { device, deviceClass, runtime, disk, outbox, tuning, through = (link) => link } = start;
  const folder = path.join(start.folder, device);
  const { enrolment, fingerprint } = await enrol(parseToken(start.token), {
    ...{ folder, deviceClass, agentVersion, name: device },
  });
  const { fleet, hub, broker, hubPublicKey, bundleKeys } = enrolment;
  const privateKeyPem = await readKey(folder);
  if (privateKeyPem === undefined) throw new Error(`${device} has lost its key.`);
  const instance = randomBytes(8).toString('hex');
  const nowMs = () => clock.nowMs();
  const link = through(
    createMqttLink({
      openSocket: (signal) => openBrokerSocket(broker, { fingerprint, signal }),
      signIn: createDeviceSignIn({ device, hub, instance, privateKeyPem, nowMs }),
      will: presenceWill({ fleet, device, instance, nowMs }),
      clock,
      random: Math.random,
      onUnreadable: () => undefined,
      onTrouble: () => undefined,
    }),
  );
  const agent = await createAgent({
    ...{ fleet, device, instance, deviceClass, agentVersion, link, outbox, runtime, disk },
    ...{ clock, sha256, log: silentLog, random: Math.random, sources: [] },
    ...(tuning && { tuning }),
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
