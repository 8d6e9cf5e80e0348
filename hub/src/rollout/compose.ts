import type { BundleRef } from '@edgewise/protocol';
import type { ModelVersion, Rollout } from '@edgewise/protocol/http';
import type { DeviceRecord } from '../fleet/fleet.ts';
import { previousOf } from './device-facts.ts';
import { pickVariant } from './pick-variant.ts';
import type { RolloutRecord } from './rollout-records.ts';

type Row = Rollout['devices'][number];

/** A rollout of a version over devices: one that can be reached first, then the rest. Pure. */
export function composeRollout(
  version: ModelVersion,
  devices: readonly DeviceRecord[],
  facts: { readonly id: string; readonly nowMs: number },
): RolloutRecord {
  const picked = devices.map((device) => ({
    device,
    bundle: pickVariant(version.variants, device.deviceClass),
  }));
  const first = firstDevice(
    picked.filter(({ bundle }) => bundle !== undefined).map(({ device }) => device),
  );
  const rows = picked.map(({ device, bundle }): Row => {
    const row = {
      device: device.id,
      wave: device.id === first ? 1 : 2,
      previous: previousOf(device),
    };
    if (bundle !== undefined) return { ...row, status: 'waiting' };
    const detail = `Version ${version.version} has no variant for ${device.deviceClass}.`;
    return { ...row, status: 'skipped', code: 'incompatible', detail };
  });
  const bundles = Object.fromEntries(
    picked.flatMap(({ device, bundle }) => (bundle === undefined ? [] : [[device.id, bundle]])),
  );
  const { model } = version;
  return record({ ...facts, model, version: version.version, kind: 'rollout', rows }, bundles);
}

/** A rollout that brings devices back to what they served before; all at once. Pure. */
export function composeRollback(
  model: string,
  previous: ReadonlyMap<string, BundleRef | null>,
  facts: { readonly id: string; readonly nowMs: number; readonly devices: readonly DeviceRecord[] },
): RolloutRecord | undefined {
  const rows = facts.devices.flatMap((device): Row[] =>
    previous.has(device.id)
      ? [{ device: device.id, wave: 1, status: 'waiting', previous: previousOf(device) }]
      : [],
  );
  const versions = [...previous.values()].flatMap((bundle) => bundle?.version ?? []);
  const version = versions[0];
  if (rows.length === 0 || version === undefined) return undefined;
  return record({ ...facts, model, version, kind: 'rollback', rows }, Object.fromEntries(previous));
}

/** Online and serving its target before anything else: the first wave should say something soon. */
function firstDevice(devices: readonly DeviceRecord[]): string | undefined {
  const score = (device: DeviceRecord): number =>
    (device.presence.status === 'online' ? 2 : 0) +
    (device.state?.slots.active?.bundle.manifest === device.active?.manifest ? 1 : 0);
  return [...devices].sort((a, b) => score(b) - score(a) || (a.id < b.id ? -1 : 1))[0]?.id;
}

function record(
  facts: {
    readonly id: string;
    readonly nowMs: number;
    readonly model: string;
    readonly version: number;
    readonly kind: Rollout['kind'];
    readonly rows: readonly Row[];
  },
  bundles: RolloutRecord['bundles'],
): RolloutRecord {
  const { id, nowMs, model, version, kind, rows } = facts;
  const rollout: Rollout = {
    ...{ id, model, version, kind, status: 'running', reason: null },
    ...{ createdAtMs: nowMs, finishedAtMs: null, devices: [...rows] },
  };
  return { rollout, bundles, changedAtMs: nowMs };
}
