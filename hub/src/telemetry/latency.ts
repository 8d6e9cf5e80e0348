import type { PackedWindow } from '@edgewise/protocol';
import type { LatencyUs } from '@edgewise/protocol/http';

/** Latencies of a window; `null` without any. A bucket stands for the middle of its quarter octave. */
export function latencyOf({ latency }: Pick<PackedWindow, 'latency'>): LatencyUs | null {
  const buckets = [...latency].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const quantile = (share: number): number => {
    let seen = 0;
    for (const [bucket, count] of buckets) {
      seen += count;
      if (seen >= share * total) return 2 ** ((bucket + 0.5) / 4);
    }
    return 0;
  };
  return { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) };
}
