import type { PackedBundle, Signer } from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import { createAgent } from '../agent.ts';
import type { Agent, AgentParts } from '../agent-parts.ts';
import { silentLog } from '../core/log.ts';
import type { AgentLink } from '../link/agent-link.ts';
import { createMemoryOutbox } from '../link/memory-outbox.ts';
import { createMqttLink } from '../link/mqtt-link.ts';
import { presenceWill } from '../link/presence-will.ts';
import type { OnUnreadable } from '../link/subscriptions.ts';
import { openBrokerSocket } from '../node/broker-socket.ts';
import { createKeyTrust } from '../node/key-trust.ts';
import { createSystemClock } from '../node/system-clock.ts';
import { createMemoryDisk } from '../slots/memory-disk.ts';
import { createHttpSource } from '../sources/http-source.ts';
import { type ABundleOptions, aBundle, aSigner, tinyRuntime } from './a-bundle.test.fixture.ts';
import { type FakeHub, startFakeHub } from './fake-hub.test.fixture.ts';
import { startTestBroker, type TestBroker } from './test-broker.test.fixture.ts';

/** An agent, a hub and a real broker between them. */
export interface Rig extends AsyncDisposable {
  readonly agent: Agent;
  readonly hub: FakeHub;
  /** The hub's connection, for what the fake hub does not do. */
  readonly hubLink: AgentLink;
  readonly broker: TestBroker;
  readonly signer: Signer;
  /** Where the HTTP source listens. */
  readonly url: Promise<string>;
  /** Packs a bundle and lets the agent fetch it. */
  bundle(options?: Partial<ABundleOptions>): Promise<PackedBundle>;
  /** Stops the agent and starts another process of the same device. */
  restart(): Promise<void>;
}

export interface RigOptions {
  readonly http?: boolean;
  readonly parts?: Partial<AgentParts>;
}

const fleet = 'home';
const device = 'pi';

/** Starts a rig with a fresh broker. */
export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const broker = await startTestBroker();
  const signer = aSigner();
  const hubLink = linkTo(broker, 'hub');
  await new Promise<void>((resolve) => hubLink.onConnect(resolve));
  const hub = await startFakeHub(hubLink, { signer, fleet, device });
  const url = Promise.withResolvers<string>();
  const http = createHttpSource({ port: 0, onListening: url.resolve });
  const common = {
    fleet,
    device,
    deviceClass: 'x64',
    agentVersion: '0.1.0',
    runtime: tinyRuntime(),
    outbox: createMemoryOutbox({ epoch: 1, budgetBytes: 1_000_000 }),
    disk: createMemoryDisk(),
    clock: createSystemClock(),
    clockSource: () => 'system' as const,
    sha256,
    trust: createKeyTrust({ hubPublicKey: signer.publicKeyPem, bundleKeys: [signer.publicKeyPem] }),
    random: () => 0.5,
    log: silentLog,
    logLines: () => [],
    rssBytes: () => 1,
    sources: options.http === true ? [http] : [],
    tuning: { quietMs: 10, retry: { firstMs: 20, longestMs: 100, jitterRatio: 0 } },
    ...options.parts,
  } as const;
  let starts = 0;
  const start = async () => {
    const link = linkTo(broker, device, { instance: `i${++starts}` });
    return { link, agent: await createAgent({ ...common, link, instance: `i${starts}` }) };
  };
  let running = await start();
  const stop = async () => {
    await running.agent[Symbol.asyncDispose]();
    await running.link[Symbol.asyncDispose]();
  };

  return {
    get agent() {
      return running.agent;
    },
    hub,
    hubLink,
    broker,
    signer,
    url: url.promise,
    async bundle(wanted = {}) {
      const bundle = await aBundle({ signer, ...wanted });
      hub.offer(bundle);
      return bundle;
    },
    async restart() {
      await stop();
      running = await start();
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await hubLink[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

export interface LinkToOptions {
  /** Given for devices only. */
  readonly instance?: string;
  readonly onUnreadable?: OnUnreadable;
}

/** A link to the test broker; a device's has a last will. */
export function linkTo(broker: TestBroker, name: string, options: LinkToOptions = {}): AgentLink {
  const { instance } = options;
  const address = `mqtt://127.0.0.1:${broker.port}`;
  const will = presenceWill({ fleet, device: name, instance: instance ?? '', nowMs: Date.now });
  return createMqttLink({
    openSocket: (signal) => openBrokerSocket(address, { fingerprint: '', signal }),
    signIn: () => Promise.resolve({ clientId: name, username: name, password: 'x' }),
    ...(instance === undefined ? {} : { will }),
    clock: createSystemClock(),
    random: Math.random,
    retry: { firstMs: 20, longestMs: 100, jitterRatio: 0.5 },
    onUnreadable: options.onUnreadable ?? (() => undefined),
    onTrouble: () => undefined,
  });
}
