import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { sha256 } from '@edgewise/models/crypto';
import { createOnnxRuntime, detectDeviceClass } from '@edgewise/models/runtime-onnx';
import { FleetError, mebibytes } from '@edgewise/protocol';
import { createAgent } from '../agent.ts';
import type { AgentEnd } from '../agent-parts.ts';
import { askHubTime } from '../enrol/hub-time.ts';
import { type Identity, readIdentity, readKey } from '../enrol/identity.ts';
import { createDeviceSignIn } from '../link/device-sign-in.ts';
import { createMqttLink } from '../link/mqtt-link.ts';
import { presenceWill } from '../link/presence-will.ts';
import { openBrokerSocket } from '../node/broker-socket.ts';
import { createDeviceClock, type DeviceClock } from '../node/device-clock.ts';
import { createFileDisk } from '../node/file-disk.ts';
import { createKeyTrust } from '../node/key-trust.ts';
import type { RememberingLog } from '../node/pino-log.ts';
import { openSqliteOutbox } from '../node/sqlite-outbox.ts';
import { parseSource } from './source-spec.ts';

interface RunDeviceOptions {
  readonly folder: string;
  readonly sources: readonly string[];
  readonly agentVersion: string;
  readonly log: RememberingLog;
  readonly rssBytes: () => number;
  readonly signal: AbortSignal;
  /** Told once the agent works, and where its HTTP sources listen. */
  readonly onStarted: (started: Started) => void;
}

/** What is known once a device runs. */
export interface Started {
  readonly device: string;
  readonly instance: string;
  readonly urls: readonly string[];
}

/** Runs an enrolled device until the signal aborts; a restart that the hub orders stays inside. */
export async function runDevice(options: RunDeviceOptions): Promise<void> {
  const { folder, signal } = options;
  const identity = await readIdentity(folder);
  const privateKeyPem = await readKey(folder);
  if (identity === undefined || privateKeyPem === undefined) {
    const reason = `${folder} holds no enrolled device; run "edgewise-agent enrol TOKEN --folder ${folder}" first.`;
    throw new FleetError('not-found', reason);
  }
  const clock = createDeviceClock(() => askHubTime(identity));
  await clock.compare();
  while (!signal.aborted) {
    const end = await runOnce(options, { identity, privateKeyPem, clock });
    if (end?.kind === 'failed') {
      throw new FleetError(end.error.code, `${end.what}: ${end.error.reason}`, {
        cause: end.error,
      });
    }
    options.log.info({}, end === undefined ? 'Stopped.' : 'Restarting as ordered.');
  }
}

interface Device {
  readonly identity: Identity;
  readonly privateKeyPem: string;
  readonly clock: DeviceClock;
}

async function runOnce(options: RunDeviceOptions, self: Device): Promise<AgentEnd | undefined> {
  const { folder, log, signal } = options;
  const { clock, identity } = self;
  const { fleet, device, hubPublicKey, bundleKeys } = identity.enrolment;
  const instance = randomBytes(8).toString('hex');
  const urls: string[] = [];
  const onListening = (url: string) => {
    urls.push(url);
    log.info({ url }, 'Listening.');
    started();
  };
  const sources = options.sources.map((spec) => parseSource(spec, { clock, onListening }));
  const listeners = options.sources.filter((spec) => spec.startsWith('http:')).length;
  let isUp = false;
  const started = () => {
    if (isUp && urls.length === listeners) options.onStarted({ device, instance, urls });
  };

  using outbox = openSqliteOutbox(path.join(folder, 'outbox.db'), {
    budgetBytes: mebibytes(16),
    nowMs: () => clock.nowMs(),
  });
  await using link = connect(options, self, instance);
  await using agent = await createAgent({
    fleet,
    device,
    instance,
    deviceClass: detectDeviceClass(),
    agentVersion: options.agentVersion,
    runtime: createOnnxRuntime(),
    link,
    outbox,
    disk: createFileDisk(folder),
    clock,
    clockSource: () => clock.source,
    sha256,
    trust: createKeyTrust({ hubPublicKey, bundleKeys }),
    random: Math.random,
    log,
    logLines: (count) => log.lines(count),
    rssBytes: options.rssBytes,
    sources,
  });
  isUp = true;
  started();
  return await Promise.race([agent.ended, aborted(signal)]);
}

function connect(options: RunDeviceOptions, self: Device, instance: string) {
  const { identity, clock, privateKeyPem } = self;
  const { fleet, device, hub, broker } = identity.enrolment;
  const { log } = options;
  const nowMs = () => clock.nowMs();
  return createMqttLink({
    openSocket: (signal) => openBrokerSocket(broker, { fingerprint: identity.fingerprint, signal }),
    signIn: createDeviceSignIn({ device, hub, instance, privateKeyPem, nowMs }),
    will: presenceWill({ fleet, device, instance, nowMs }),
    clock,
    random: Math.random,
    onUnreadable: (topic, _bytes, error) =>
      log.warn({ topic, code: error.code }, 'A message cannot be read.'),
    onTrouble: (error) => {
      log.warn({ code: error.code }, error.reason);
      // A clock that is off is the one cause that the device can mend itself.
      if (error.code === 'unauthenticated') void clock.compare();
    },
  });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
