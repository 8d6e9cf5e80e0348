import { type CommandBody, FleetError, type Refusal } from '@edgewise/protocol';
import type { DeviceRecord, Fleet } from '../fleet/fleet.ts';
import { createSignal } from '../signal.ts';

/** A fleet in memory whose devices do what a test says. */
export interface MemoryFleet extends Fleet {
  /** Changes a record as a report of the device would. */
  report(device: string, change: Partial<DeviceRecord>): void;
  /** The device reports that it serves its target. */
  serve(device: string): void;
  /** The device reports that it will not run its target. */
  refuse(device: string, code?: Refusal['code']): void;
  readonly commands: { readonly device: string; readonly body: CommandBody }[];
}

/** A record of an enrolled device that is online. */
export function aDevice(id: string, change: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    ...{ id, publicKey: `key of ${id}`, deviceClass: 'x64-vnni', enrolledAtMs: 1 },
    ...{ revoked: false, cloned: false, presence: { status: 'online', sinceMs: 1 } },
    ...{ state: undefined, generation: 0, active: null, rollout: undefined },
    ...change,
  };
}

/** Builds a fleet of these devices. */
export function createMemoryFleet(devices: readonly DeviceRecord[]): MemoryFleet {
  const records = new Map(devices.map((device) => [device.id, device]));
  const commands: MemoryFleet['commands'][number][] = [];
  const changed = createSignal<DeviceRecord>((thrown) => {
    throw thrown;
  });

  function get(device: string): DeviceRecord {
    const record = records.get(device);
    if (record === undefined) throw new FleetError('not-found', `There is no device "${device}".`);
    return record;
  }

  function report(device: string, change: Partial<DeviceRecord>): void {
    const record = { ...get(device), ...change };
    records.set(device, record);
    changed.emit(record);
  }

  function stateOf(
    device: string,
    change: Partial<NonNullable<DeviceRecord['state']>>,
  ): NonNullable<DeviceRecord['state']> {
    const { state, generation, deviceClass } = get(device);
    return {
      ...{ v: 1, device, instance: 'i', protocol: 1, agentVersion: '0.1.0', deviceClass },
      ...{ atMs: 1, clock: 'system', observedGeneration: generation, slots: {}, refusals: [] },
      health: {
        ...{ uptimeMs: 1, rssBytes: 1, served: 1 },
        ...{ outboxMessages: 0, outboxBytes: 0, outboxDropped: 0 },
      },
      ...state,
      ...change,
    };
  }

  return {
    list: () => Promise.resolve([...records.values()]),
    get: (device) => Promise.resolve().then(() => get(device)),
    setTarget(device, { active, rollout }) {
      const record = get(device);
      const generation = record.generation + 1;
      report(device, {
        generation,
        ...(active !== undefined && { active }),
        ...(rollout !== undefined && { rollout }),
      });
      return Promise.resolve(generation);
    },
    command(device, body) {
      commands.push({ device, body });
      return Promise.resolve({ v: 1, transaction: 't', atMs: 1, ok: true });
    },
    revoke(device) {
      report(device, { revoked: true });
      return Promise.resolve();
    },
    changed,
    report,
    serve(device) {
      const bundle = get(device).active;
      const slots = bundle === null ? {} : { active: { bundle, status: 'serving' as const } };
      report(device, { state: stateOf(device, { slots }) });
    },
    refuse(device, code = 'signature-invalid') {
      const manifest = get(device).active?.manifest ?? '';
      const before = get(device).state?.refusals ?? [];
      const refusals = [...before, { manifest, code, detail: 'No.', atMs: 1 }];
      report(device, { state: stateOf(device, { refusals }) });
    },
    commands,
  };
}
