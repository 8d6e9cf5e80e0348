import type { Metric } from '@edgewise/protocol/http';

/** The most points of one curve: more than a picture can tell apart. */
export const mostPoints = 256;

/**
 * A curve with the end of one more epoch. An epoch that is told again, as after a checkpoint, replaces
 * the one before; of a curve that grows too long every second point is forgotten, and the last stays. Pure.
 */
export function withEpoch(curve: readonly Metric[], end: Metric): readonly Metric[] {
  const others = curve.filter(({ epoch }) => epoch !== end.epoch);
  const longer = [...others, end].sort((one, other) => one.epoch - other.epoch);
  if (longer.length <= mostPoints) return longer;
  return longer.filter((_, at) => (longer.length - 1 - at) % 2 === 0);
}
