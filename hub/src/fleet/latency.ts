import type { LatencyUs } from '@edgewise/protocol/http';

/**
 * Percentiles of latency buckets, microseconds: `bucket = floor(4 log2(us))`, so a bucket spans a
 * quarter octave. A percentile is the geometric middle of the bucket it falls into; `null` for none.
 */
export function percentilesOf(buckets: ReadonlyMap<number, number>): LatencyUs | null {
  const sorted = [...buckets].toSorted(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const at = (share: number): number => {
    let below = 0;
    for (const [bucket, count] of sorted) {
      below += count;
      if (below >= share * total) return 2 ** ((bucket + 0.5) / 4);
    }
    return 0;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
