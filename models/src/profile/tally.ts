import { type FeatureCounts, featureCells } from '@edgewise/protocol';
import { cellOf, cells, type FeatureBins } from './bins.ts';

/** Adds up one feature over consecutive samples. */
export interface Tally {
  /** `undefined`: the sample had no such feature. */
  add(value: number | undefined): void;
  finish(): FeatureCounts;
}

/** A broken sensor's 1e30 must not swallow the sums of a whole window. */
const largestZ = 1e6;

/** An empty tally over the bins of one feature. */
export function createTally(feature: FeatureBins): Tally {
  const counts = new Uint32Array(featureCells);
  let sumZ = 0;
  let sumZ2 = 0;
  let minZ = Infinity;
  let maxZ = -Infinity;
  let sumLag = 0;
  let previous: number | undefined;

  return {
    add(value) {
      const cell = value === undefined ? cells.absent : cellOf(feature, value);
      counts[cell] = (counts[cell] ?? 0) + 1;
      const z = value === undefined ? undefined : standardize(feature, value);
      if (z !== undefined) {
        sumZ += z;
        sumZ2 += z * z;
        minZ = Math.min(minZ, z);
        maxZ = Math.max(maxZ, z);
        if (previous !== undefined) sumLag += previous * z;
      }
      previous = z;
    },
    finish: () => ({
      counts,
      sumZ,
      sumZ2,
      minZ: Number.isFinite(minZ) ? minZ : 0,
      maxZ: Number.isFinite(maxZ) ? maxZ : 0,
      sumLag,
    }),
  };
}

function standardize({ mean, sd }: FeatureBins, value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  return Math.min(largestZ, Math.max(-largestZ, (value - mean) / sd));
}
