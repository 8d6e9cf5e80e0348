/** Simulated windows of a device with two features and three classes, for tests. */

import type { Random } from '@edgewise/models/random';
import type { MonitoredFeature, MonitoredWindow } from './monitored-window.ts';
import { normalQuantile } from './normal.ts';

/** The numbers that a sensor draws. */
export type Luck = Pick<Random, 'next' | 'normal'>;

/** What the sensor does to its values, and what is missing (shares 0-1). */
export interface Sensor {
  readonly offset?: number;
  readonly gain?: number;
  /** Values above this rest on it. */
  readonly rail?: number;
  /** All values are this one. */
  readonly stuckAt?: number;
  readonly nan?: number;
  readonly absent?: number;
}

const edges = Array.from({ length: 19 }, (_, edge) => normalQuantile((edge + 1) / 20));

/** Reference counts of a standard normal feature. */
export const normalReference: readonly number[] = new Array<number>(20).fill(500);

/** Counts `samples` values of a normal sensor. */
export function countSensor(random: Luck, sensor: Sensor = {}, samples = 100): MonitoredFeature {
  const counts = new Array<number>(24).fill(0);
  const values: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const value = sense(random, sensor);
    const cell = typeof value === 'number' ? cellOf(value) : missingCells[value];
    counts[cell] = (counts[cell] ?? 0) + 1;
    if (typeof value === 'number') values.push(value);
  }
  const sum = (of: readonly number[]) => of.reduce((total, value) => total + value, 0);
  return {
    counts,
    sumZ: sum(values),
    sumZ2: sum(values.map((z) => z * z)),
    minZ: Math.min(...values),
    maxZ: Math.max(...values),
    sumLag: sum(values.slice(1).map((z, index) => z * (values[index] ?? 0))),
  };
}

const missingCells = { nan: 22, absent: 23 } as const;

function sense(random: Luck, sensor: Sensor): number | keyof typeof missingCells {
  const { offset = 0, gain = 1, rail = Infinity, nan = 0, absent = 0 } = sensor;
  const luck = random.next();
  if (luck < nan) return 'nan';
  if (luck < nan + absent) return 'absent';
  return sensor.stuckAt ?? Math.min(rail, offset + gain * random.normal());
}

function cellOf(z: number): number {
  if (z < -4) return 20;
  if (z > 4) return 21;
  const bin = edges.findIndex((edge) => z < edge);
  return bin < 0 ? 19 : bin;
}

/** A window of a device whose first feature is `sensor`; the second is clean. */
export function aWindow(
  random: Luck,
  sequence: number,
  sensor: Sensor & { readonly classShares?: readonly number[] } = {},
): MonitoredWindow {
  const predictions = new Map<number, number>();
  const [first = 1 / 3, second = 1 / 3] = sensor.classShares ?? [];
  for (let sample = 0; sample < 100; sample++) {
    const luck = random.next();
    const label = luck < first ? 0 : luck < first + second ? 1 : 2;
    const cell = label * 20 + 15 + Math.floor(5 * random.next());
    predictions.set(cell, (predictions.get(cell) ?? 0) + 1);
  }
  return {
    epoch: 1,
    sequence,
    spanMs: 20_000,
    features: [countSensor(random, sensor), countSensor(random)],
    predictions,
  };
}
