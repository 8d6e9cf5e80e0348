import type { FrozenBaseline } from './baseline.ts';
import { createEDetector, type EDetector } from './e-detector.ts';
import { smoothedProbabilities } from './kl.ts';

/**
 * Keeps the detectors of the baselines used last: a few hundred microseconds to build, about 11 kB
 * each. A baseline is known by identity, so a state read from a store is built once and then kept.
 */
export interface DetectorCache {
  get(baseline: FrozenBaseline, dirichletShare: number): EDetector;
}

/** A cache of at most `capacity` detectors. */
export function createDetectorCache(capacity: number): DetectorCache {
  const kept = new Map<FrozenBaseline, EDetector>();
  return {
    get: (baseline, dirichletShare) => {
      const { counts, rho } = baseline;
      const detector =
        kept.get(baseline) ??
        createEDetector(smoothedProbabilities(counts), { rho, dirichletShare });
      // Maps iterate in the order of insertion: the first key is the one used longest ago.
      kept.delete(baseline);
      kept.set(baseline, detector);
      const oldest = kept.size > capacity ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
      return detector;
    },
  };
}
