import type { Profile } from '@edgewise/models/profile';
import { featureCells, type PackedWindow } from '@edgewise/protocol';
import type { StoredWindow } from '../telemetry/telemetry.ts';

const even = Array.from({ length: featureCells }, (_, bin) => (bin < 20 ? 250 : 0));
/** A profile of one feature whose reference fills 20 bins evenly. */
export const aProfile = {
  bins: {
    features: ['mean'].map((name) => ({
      ...{ name, low: 0, high: 20, mean: 10, sd: 6 },
      edges: Array.from({ length: 19 }, (_, edge) => edge + 1),
    })),
    classes: 0,
  },
  references: [{ cohort: 'original', n: 5000, effective: 5000, counts: [even], predictions: [] }],
  digests: { bins: 'b'.repeat(64), reference: 'r'.repeat(64) },
} satisfies Profile;

/** A window of 100 inputs; `shift` moves them up by so many bins. */
export function aWindow(
  sequence: number,
  { shift = 0, reference = 'r1', bins = 'b', device = 'd1' } = {},
): StoredWindow {
  const counts = new Uint32Array(featureCells);
  let sumZ = 0;
  let sumZ2 = 0;
  let sumLag = 0;
  let last = 0;
  for (let at = 0; at < 100; at++) {
    // A full-period walk through the bins that no two neighbours share.
    const bin = Math.min(19, ((at * 7 + sequence * 3) % 20) + shift);
    const z = (bin + 0.5 - 10) / 6;
    counts[bin] = (counts[bin] ?? 0) + 1;
    sumZ += z;
    sumZ2 += z * z;
    if (at > 0) sumLag += z * last;
    last = z;
  }
  const feature = { counts, sumZ, sumZ2, minZ: -2, maxZ: 2, sumLag };
  const window: PackedWindow = {
    ...{ epoch: 1, sequence, bins, reference, startMs: sequence * 1000, spanMs: 1000 },
    ...{ seen: 100, n: 100, features: [feature], classes: 0 },
    ...{ predictions: new Map(), latency: new Map() },
  };
  return { device, receivedAtMs: 1, window };
}
