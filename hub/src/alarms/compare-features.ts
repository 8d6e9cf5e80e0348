import type { FeatureComparison } from '@edgewise/protocol/http';
import { divergences } from '../monitor/effect-size.ts';
import { foldOuterBins } from '../monitor/monitored-window.ts';
import type { StoredWindow } from '../telemetry/telemetry.ts';
import type { BundleMonitor } from './bundle-monitors.ts';
import type { WatchedDevice } from './watched-device.ts';

/** Recent counts beside what they are tested against: the own baseline, before that the bundle's reference. */
export function compareFeatures(
  watched: WatchedDevice,
  bundle: BundleMonitor,
  windows: readonly StoredWindow[],
): FeatureComparison[] {
  const own = windows.filter(({ window }) => window.reference === watched.reference);
  const status = bundle.monitor.status(watched.state);
  return bundle.profile.bins.features.map(({ name, edges }, index) => {
    const current = sum(own.map(({ window }) => window.features[index]?.counts ?? []));
    const drift = watched.state.features[index]?.drift;
    const isOwn = drift?.phase === 'monitoring';
    const cohort = bundle.profile.references[0];
    const reference = isOwn ? drift.baseline.counts : foldOuterBins(cohort?.counts[index] ?? []);
    const n = total(current);
    const tau = isOwn ? drift.baseline.tau : 1;
    const { psi } = divergences({
      ...{ reference, current },
      referenceEffective: isOwn ? drift.baseline.effectiveSamples : (cohort?.effective ?? 1),
      currentEffective: Math.max(1, n / tau),
    });
    const logM = status[index]?.logM;
    return {
      ...{ feature: name, edges: [...edges], n, psi: psi.value, psiNull95: psi.null95 },
      reference: shares(reference),
      current: shares(current),
      logM: logM !== undefined && Number.isFinite(logM) ? logM : null,
    };
  });
}

function sum(rows: readonly ArrayLike<number>[]): number[] {
  const counts = foldOuterBins([]);
  for (const row of rows) {
    for (const [bin, count] of foldOuterBins(row).entries())
      counts[bin] = (counts[bin] ?? 0) + count;
  }
  return counts;
}

const total = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0);

function shares(counts: readonly number[]): number[] {
  const all = Math.max(1, total(counts));
  return counts.map((count) => count / all);
}
