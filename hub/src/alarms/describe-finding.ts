import type { DriftFinding as PublicFinding } from '@edgewise/protocol/http';
import { predictionFeature } from '../monitor/device-monitor.ts';
import type { Finding } from '../monitor/finding.ts';
import type { BundleMonitor } from './bundle-monitors.ts';
import { startOf, type WatchedDevice } from './watched-device.ts';

const patterns = {
  offset: 'offset',
  gain: 'gain',
  'offset-and-gain': 'both',
  shape: 'free',
  stuck: 'stuck',
  saturation: 'saturation',
  dropout: 'dropout',
  'not-a-number': 'dropout',
} as const satisfies Record<Finding['pattern'], PublicFinding['pattern']>;

/** A finding as people and programs see it. */
export function describeFinding(
  finding: Finding,
  watched: WatchedDevice,
  bundle: BundleMonitor,
): PublicFinding {
  const { device } = watched;
  const feature = bundle.profile.bins.features.find(({ name }) => name === finding.feature);
  const edges = feature === undefined ? [] : [...feature.edges];
  const shared = { device, feature: finding.feature, edges };
  if (finding.kind === 'validation') {
    return {
      ...shared,
      ...{ pattern: patterns[finding.pattern], direction: 'none', effectSd: null, gain: null },
      ...{ logM: 0, logThreshold: 0, sinceMs: startOf(watched, finding.at) },
      ...{ windows: finding.windows, reference: [], current: [] },
    };
  }
  const isPrediction = finding.feature === predictionFeature;
  const { direction } = finding;
  return {
    ...shared,
    pattern: isPrediction ? 'predictions' : patterns[finding.pattern],
    direction: direction === 'up' || direction === 'down' ? direction : 'none',
    effectSd: isPrediction ? null : finding.offsetSd,
    gain: isPrediction ? null : finding.gainRatio,
    ...{ logM: finding.logM, logThreshold: finding.logThreshold, windows: finding.windows },
    sinceMs: startOf(watched, finding.since),
    reference: [...finding.referenceCounts],
    current: [...finding.currentCounts],
  };
}
