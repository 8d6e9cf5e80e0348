import type { Device, HubStatus } from '@edgewise/protocol/http';
import { type Level, worst } from '../../components/levels.ts';

/** One thing that is to be said about a device. */
export interface Remark {
  readonly level: Level;
  readonly kind:
    | 'revoked'
    | 'cloned'
    | 'drift'
    | 'refused'
    | 'waiting'
    | 'losses'
    | 'converging'
    | 'silent'
    | 'working';
  /** Code of a refusal or of what the device waits for, or the feature that changed. */
  readonly detail?: string | undefined;
}

/** A device as a row of the fleet table. */
export interface FleetRow {
  readonly device: Device;
  readonly level: Level;
  /** Most urgent first. */
  readonly remarks: readonly [Remark, ...Remark[]];
  readonly online: boolean;
  readonly model: string | undefined;
  readonly version: number | undefined;
}

/** What the address of the fleet screen holds. */
export interface FleetFilters {
  /** Words that must occur in id, class, model or tag. */
  readonly q?: string | undefined;
  readonly state?: Level | undefined;
}

/** How a device is doing, and why. A silent device is unknown, whatever it last said. */
export function fleetRow(device: Device): FleetRow {
  const online = device.presence.status === 'online';
  const remarks = remarksOf(device, online);
  const first = remarks[0] ?? { level: 'well', kind: 'working' };
  const active = device.state?.slots.active?.bundle;
  return {
    device,
    level: first.level,
    remarks: [first, ...remarks.slice(1)],
    online,
    model: active?.model,
    version: active?.version,
  };
}

function remarksOf(device: Device, online: boolean): readonly Remark[] {
  const { state, target } = device;
  const refusal = state?.refusals.find((each) => each.manifest === target.active?.manifest);
  const found: (Remark | false)[] = [
    device.revoked && { level: 'unknown', kind: 'revoked' },
    device.cloned && { level: 'act', kind: 'cloned' },
    !online && !device.revoked && { level: 'unknown', kind: 'silent' },
    online &&
      device.drift.state === 'alarm' && {
        level: 'act',
        kind: 'drift',
        detail: device.drift.feature,
      },
    online && refusal !== undefined && { level: 'act', kind: 'refused', detail: refusal.code },
    online &&
      state?.waiting !== undefined && {
        level: 'watch',
        kind: 'waiting',
        detail: state.waiting.code,
      },
    device.loss.missing > 0 && { level: 'watch', kind: 'losses' },
    online && !device.converged && target.active !== null && { level: 'watch', kind: 'converging' },
  ];
  const remarks = found.filter((each) => each !== false);
  const top = worst(remarks.map((each) => each.level));
  return [
    ...remarks.filter((each) => each.level === top),
    ...remarks.filter((each) => each.level !== top),
  ];
}

/** Rows that pass the filters, most urgent first and then by name. */
export function fleetRows(devices: readonly Device[], filters: FleetFilters): readonly FleetRow[] {
  const words = (filters.q ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return devices
    .map(fleetRow)
    .filter((row) => filters.state === undefined || row.level === filters.state)
    .filter((row) => words.every((word) => haystack(row).includes(word)))
    .toSorted(
      (a, b) =>
        urgency(a) - urgency(b) || a.device.id.localeCompare(b.device.id, 'en', { numeric: true }),
    );
}

function haystack({ device, model, version }: FleetRow): string {
  return `${device.id} ${device.deviceClass} ${model ?? ''} ${version ?? ''}`.toLowerCase();
}

/** Place of a row in the order act, watch, unknown, well. */
export function urgency(row: FleetRow): number {
  return ['act', 'watch', 'unknown', 'well'].indexOf(row.level);
}

/** How many devices stand at each level. */
export function countLevels(rows: readonly FleetRow[]): Readonly<Record<Level, number>> {
  const counts = { act: 0, watch: 0, unknown: 0, well: 0 };
  for (const row of rows) counts[row.level] += 1;
  return counts;
}

/** Inputs per second that the connected devices answered in their newest windows. */
export function fleetThroughput(devices: readonly Device[]): number | null {
  const rates = devices
    .filter((device) => device.presence.status === 'online')
    .map((device) => device.throughputPerSecond)
    .filter((rate) => rate !== null);
  return rates.length === 0 ? null : rates.reduce((sum, rate) => sum + rate, 0);
}

/** How the headline figure of alarms and losses is to be seen. */
export function statusLevels(status: HubStatus): {
  readonly alarms: Level;
  readonly losses: Level;
  readonly online: Level;
} {
  return {
    alarms: status.openAlarms > 0 ? 'act' : 'well',
    losses: status.unexplainedLosses > 0 ? 'watch' : 'well',
    online: status.devices.online < status.devices.total ? 'unknown' : 'well',
  };
}
