/**
 * Splits the shifts of many devices into what they share and what is their own. The common part is
 * the median; a device stands out by its distance from it in robust standard deviations. Common
 * shifts are never blamed on devices.
 */

/** How far one device's feature is from its own baseline, in standard deviations of that baseline. */
export interface DeviceShift {
  readonly deviceId: string;
  readonly offsetSd: number;
}

/** The common part, and who stands out of it. */
export interface Decomposition {
  /** Median shift, sd. */
  readonly commonSd: number;
  /** Whether the common part is more than chance and more than 0.1 sd. */
  readonly isPopulationShift: boolean;
  /** Devices more than 5 robust standard deviations from the median. */
  readonly outliers: readonly string[];
}

/** Fewer devices than this are judged one by one. */
export const minPopulation = 10;

const normalMadRatio = 1.4826;
const outlierDistance = 5;
const minCommonSd = 0.1;
/** Standard error of a median of n normal values: 1.2533 sd / sqrt(n). */
const medianErrorRatio = 1.2533;

/** Decomposes one feature's shifts; undefined below 10 devices. */
export function decomposeShifts(shifts: readonly DeviceShift[]): Decomposition | undefined {
  if (shifts.length < minPopulation) return undefined;
  const commonSd = median(shifts.map(({ offsetSd }) => offsetSd));
  const distances = shifts.map(({ offsetSd }) => Math.abs(offsetSd - commonSd));
  const spread = Math.max(1e-6, normalMadRatio * median(distances));
  const error = (medianErrorRatio * spread) / Math.sqrt(shifts.length);
  return {
    commonSd,
    isPopulationShift: Math.abs(commonSd) > Math.max(minCommonSd, 4 * error),
    outliers: shifts
      .filter(({ offsetSd }) => Math.abs(offsetSd - commonSd) > outlierDistance * spread)
      .map(({ deviceId }) => deviceId),
  };
}

/** The features of which the whole population has moved. */
export function populationFeatures(
  shifts: ReadonlyMap<string, readonly DeviceShift[]>,
): ReadonlySet<string> {
  const moved = [...shifts].filter(([, own]) => decomposeShifts(own)?.isPopulationShift === true);
  return new Set(moved.map(([feature]) => feature));
}

/** The middle value; the mean of the two middle ones of an even number; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}
