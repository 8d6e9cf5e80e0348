import { type DeviceState, FleetError, hours, type Presence } from '@edgewise/protocol';
import type { Logger } from 'pino';
import type { RefusedSignIn } from '../broker/ports.ts';
import type { Clock } from '../clock.ts';
import type { HubLink } from '../link/hub-link.ts';
import { createSignal, type Signal } from '../signal.ts';
import { createCommands } from './commands.ts';
import type { DeviceChange, Devices, StoredDevice } from './devices.ts';
import type { DeviceRecord, Fleet, TargetChange } from './fleet.ts';
import type { Identity } from './identity.ts';
import { isOutOfDate, nextTarget } from './next-target.ts';
import { nextPresence } from './presence.ts';
import { signDocument } from './sign-document.ts';

/** What a fleet needs. */
export interface FleetOptions {
  readonly devices: Devices;
  readonly identity: Identity;
  readonly link: HubLink;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Cuts the connection of a device whose key was withdrawn. */
  readonly disconnect: (device: string) => void;
  /** Refused sign-ins of the embedded broker, where clones show. */
  readonly refused?: Signal<RefusedSignIn>;
}

/** The fleet, running. */
export interface RunningFleet extends Fleet, AsyncDisposable {
  /** Says that a record was changed elsewhere, as enrolment does. */
  announce(device: string): void;
}

/** Starts to follow the devices of a fleet. */
export async function createFleet(options: FleetOptions): Promise<RunningFleet> {
  const { devices, identity, link, clock, logger } = options;
  const { fleet, signer } = identity;
  const changed = createSignal<DeviceRecord>((error) => logger.error({ error }, 'fleet listener'));
  const stopping = new AbortController();
  const commands = createCommands({
    devices,
    identity,
    clock,
    publish: (device, envelope) => link.publish('command', { fleet, device }, envelope),
  });

  /** Applies a change that depends on the record; does nothing when it is no change. */
  async function update(
    device: string,
    decide: (stored: StoredDevice) => DeviceChange | undefined,
  ): Promise<void> {
    const after = await devices.write(async (books) => {
      const stored = await books.find(device);
      const change = stored && decide(stored);
      if (!change) return undefined;
      await books.change(device, change);
      return { ...stored, ...change };
    });
    if (after) changed.emit(recordOf(after));
  }

  async function publishTarget({ id, envelope }: Pick<StoredDevice, 'id' | 'envelope'>) {
    if (!envelope) return;
    try {
      await link.publish('target', { fleet, device: id }, envelope);
    } catch (error) {
      // It is durable, and goes out when the link is up again.
      logger.warn({ error, device: id }, 'target not published yet');
    }
  }

  async function setTarget(device: string, change: TargetChange): Promise<number> {
    const after = await devices.write(async (books) => {
      const stored = await books.find(device);
      if (!stored) throw unknown(device);
      if (stored.revokedAtMs !== undefined) {
        throw new FleetError('forbidden', `The key of ${device} was withdrawn.`);
      }
      const target = nextTarget(stored, change, { fleet, nowMs: clock.now() });
      const envelope = await signDocument('target', target, signer);
      const changes = { target, envelope, generation: target.generation };
      await books.change(device, changes);
      return { ...stored, ...changes };
    });
    await publishTarget(after);
    changed.emit(recordOf(after));
    return after.generation;
  }

  function onPresence(device: string, presence: Presence): Promise<void> {
    return update(device, (stored) => {
      const next = nextPresence(stored.presence, presence, clock.now());
      return next && { presence: next };
    });
  }

  async function onState(device: string, state: DeviceState): Promise<void> {
    if (state.device !== device) return;
    const { deviceClass, agentVersion } = state;
    await update(device, () => ({ state, deviceClass, agentVersion }));
    const stored = await devices.find(device);
    if (stored && isOutOfDate(stored, clock.now())) await setTarget(device, {});
  }

  function onRefused({ username, code, atMs }: RefusedSignIn): Promise<void> {
    if (code !== 'duplicate-device') return Promise.resolve();
    return update(username, (stored) =>
      stored.clonedAtMs === undefined ? { clonedAtMs: atMs } : undefined,
    );
  }

  async function publishTargets(): Promise<void> {
    for (const stored of await devices.list()) {
      if (stored.revokedAtMs !== undefined) continue;
      if (isOutOfDate(stored, clock.now())) await setTarget(stored.id, {});
      else await publishTarget(stored);
    }
  }

  async function refreshTargets(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(hours(1), stopping.signal);
      for (const stored of await devices.list()) {
        const isDue = stored.revokedAtMs === undefined && isOutOfDate(stored, clock.now());
        if (isDue) await setTarget(stored.id, {});
      }
    }
  }

  const inBackground = (work: Promise<unknown>, what: string): void => {
    work.catch((error: unknown) => {
      if (!stopping.signal.aborted) logger.error({ error }, what);
    });
  };

  await forgetConnections(devices, clock.now());
  const ends = [
    await link.subscribe('presence', { fleet }, (presence, { device }) =>
      inBackground(onPresence(device, presence), 'presence not kept'),
    ),
    await link.subscribe('state', { fleet }, (state, { device }) =>
      inBackground(onState(device, state), 'state not kept'),
    ),
    await link.subscribe('reply', { fleet }, (reply, { device }) =>
      commands.receive(device, reply),
    ),
  ];
  const unrefused = options.refused?.on((refusal) =>
    inBackground(onRefused(refusal), 'clone not noted'),
  );
  const unup = link.onUp(() => inBackground(publishTargets(), 'targets not published'));
  inBackground(refreshTargets(), 'targets not refreshed');

  return {
    changed,
    list: async () => (await devices.list()).map(recordOf),
    async get(device) {
      const stored = await devices.find(device);
      if (!stored) throw unknown(device);
      return recordOf(stored);
    },
    setTarget,
    command: (device, body, signal) => commands.send(device, body, signal),
    async revoke(device) {
      const found = await devices.find(device);
      if (!found) throw unknown(device);
      await update(device, ({ revokedAtMs }) =>
        revokedAtMs === undefined ? { revokedAtMs: clock.now() } : undefined,
      );
      options.disconnect(device);
    },
    announce(device) {
      const tell = async () => {
        const stored = await devices.find(device);
        if (stored) changed.emit(recordOf(stored));
      };
      inBackground(tell(), 'change not told');
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      unup();
      unrefused?.();
      await Promise.all(ends.map((end) => end()));
    },
  };
}

/** Connections end with the hub's link; who is still there will say so. */
async function forgetConnections(devices: Devices, nowMs: number): Promise<void> {
  for (const { id, presence } of await devices.list()) {
    if (presence.status !== 'online') continue;
    const offline = { ...presence, status: 'offline', sinceMs: nowMs, session: -1 } as const;
    await devices.write((books) => books.change(id, { presence: offline }));
  }
}

/** The public part of what is kept. */
export function recordOf(stored: StoredDevice): DeviceRecord {
  return {
    id: stored.id,
    publicKey: stored.publicKey,
    deviceClass: stored.deviceClass,
    enrolledAtMs: stored.enrolledAtMs,
    revoked: stored.revokedAtMs !== undefined,
    cloned: stored.clonedAtMs !== undefined,
    presence: { status: stored.presence.status, sinceMs: stored.presence.sinceMs },
    state: stored.state,
    generation: stored.generation,
    active: stored.target?.active ?? null,
    rollout: stored.target?.rollout,
  };
}

function unknown(device: string): FleetError {
  return new FleetError('not-found', `There is no device "${device}".`);
}
