import type { Profile } from '@edgewise/models/profile';
import {
  createDeviceMonitor,
  type DeviceMonitor,
  type DeviceMonitorConfig,
} from './device-monitor.ts';

/** How strictly devices are watched; what is watched comes from the bundle's profile. */
export type WatchOptions = Omit<DeviceMonitorConfig, 'features' | 'predictions'>;

/** The monitor of a bundle: its features with every cohort's reference, and its prediction table. */
export function watchProfile(
  { bins, references }: Pick<Profile, 'bins' | 'references'>,
  options: WatchOptions = {},
): DeviceMonitor {
  return createDeviceMonitor({
    ...options,
    features: bins.features.map(({ name }, index) => ({
      name,
      cohorts: references.map(({ counts }) => counts[index] ?? []),
    })),
    ...(bins.classes > 0
      ? {
          predictions: {
            classes: bins.classes,
            cohorts: references.map(({ predictions }) => predictions),
          },
        }
      : undefined),
  });
}
