import { limits, type PackedWindow } from '@edgewise/protocol';
import type { Device, WindowSummary } from '@edgewise/protocol/http';
import type { StoredWindow, Telemetry } from '../telemetry/telemetry.ts';
import type { DriftView, WindowModels } from './drift-view.ts';
import type { DeviceRecord } from './fleet.ts';
import { percentilesOf } from './latency.ts';

/** How devices and windows look in the API. */
export interface DeviceView {
  device(record: DeviceRecord): Promise<Device>;
  window(stored: StoredWindow): Promise<WindowSummary>;
}

/** Who knows what. */
export interface DeviceViewOptions {
  readonly telemetry: Pick<Telemetry, 'windows' | 'ledger'>;
  readonly drift: DriftView;
  readonly models: WindowModels;
}

/** Joins what fleet, telemetry and monitor know. */
export function createDeviceView({ telemetry, drift, models }: DeviceViewOptions): DeviceView {
  return {
    async device(record) {
      const [[newest], loss, summary] = await Promise.all([
        telemetry.windows(record.id, { limit: 1 }),
        telemetry.ledger(record.id),
        drift.summary(record.id),
      ]);
      const { id, deviceClass, enrolledAtMs, revoked, cloned, presence, state } = record;
      return {
        id,
        deviceClass,
        enrolledAtMs,
        revoked,
        presence,
        cloned,
        ...(state && { state }),
        target: { generation: record.generation, active: record.active },
        converged: hasConverged(record),
        throughputPerSecond: newest ? throughputOf(newest.window) : null,
        latencyUs: newest ? percentilesOf(newest.window.latency) : null,
        lastWindowAtMs: newest ? newest.receivedAtMs : null,
        drift: summary,
        loss,
      };
    },
    async window({ device, window }) {
      const { epoch, sequence, reference, startMs, spanMs, seen, n } = window;
      const [named, summary] = await Promise.all([
        models.byReference(reference),
        drift.ofWindow(device, epoch, sequence),
      ]);
      return {
        epoch,
        sequence,
        model: named?.model ?? null,
        version: named?.version ?? null,
        startMs,
        spanMs,
        seen,
        n,
        latencyUs: percentilesOf(window.latency),
        drift: summary,
        confidence: confidenceOf(window),
        classes: classesOf(window),
      };
    },
  };
}

/** Whether a device serves what it was told to; a device without an order has nothing to reach. */
export function hasConverged({ active, generation, state }: DeviceRecord): boolean {
  if (generation === 0) return true;
  if (!state || state.observedGeneration < generation) return false;
  const slot = state.slots.active;
  if (active === null) return slot === undefined;
  return slot?.bundle.manifest === active.manifest && slot.status === 'serving';
}

function throughputOf({ seen, spanMs }: PackedWindow): number | null {
  return spanMs > 0 ? (seen * 1000) / spanMs : null;
}

/** Mean largest probability, from the centres of its bins. */
function confidenceOf({ predictions }: PackedWindow): number | null {
  let sum = 0;
  let total = 0;
  for (const [cell, count] of predictions) {
    sum += (count * ((cell % limits.confidenceBins) + 0.5)) / limits.confidenceBins;
    total += count;
  }
  return total === 0 ? null : sum / total;
}

function classesOf({ classes, predictions }: PackedWindow): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const [cell, count] of predictions) {
    const index = Math.floor(cell / limits.confidenceBins);
    counts[index] = (counts[index] ?? 0) + count;
  }
  return counts;
}
