import { sha256 } from '@edgewise/models/crypto';
import { decodeProfile, type Profile } from '@edgewise/models/profile';
import type { DeviceMonitor } from '../monitor/device-monitor.ts';
import { watchProfile } from '../monitor/watch-profile.ts';
import type { ProfiledBundle, ProfiledBundles } from '../registry/profiled-bundles.ts';
import type { Registry } from '../registry/registry.ts';
import type { BlobStore } from '../store/blobs.ts';

/** The monitor of one variant: what its devices are compared with. */
export interface BundleMonitor {
  readonly model: string;
  readonly version: number;
  /** First 16 digits of the digest of its reference counts: windows carry them. */
  readonly reference: string;
  readonly profile: Profile;
  readonly monitor: DeviceMonitor;
}

/** Finds the monitor for a window by the digests that the window carries. */
export interface BundleMonitors {
  /** `undefined` for a bundle that the registry does not know. */
  find(window: {
    readonly bins: string;
    readonly reference: string;
  }): Promise<BundleMonitor | undefined>;
}

/** Digits of a digest that a window carries. */
const digits = 16;

/** Builds the monitors of registered bundles, each once. */
export function createBundleMonitors({
  registry,
  blobs,
  bundles,
}: {
  readonly registry: Registry;
  readonly blobs: BlobStore;
  readonly bundles: ProfiledBundles;
}): BundleMonitors {
  const built = new Map<string, Promise<BundleMonitor>>();
  // Other policies, other alarm lines; what is remembered of the devices stays.
  registry.modelChanged.on(() => built.clear());

  async function build(bundle: ProfiledBundle): Promise<BundleMonitor> {
    const { model, version, profile: digest } = bundle;
    const profile = decodeProfile(await blobs.get(digest), { sha256 });
    const { policies } = await registry.model(model);
    const { alarmThreshold, falseAlarmsPerDeviceYear } = policies;
    const monitor = watchProfile(profile, {
      falseAlarmsPerDeviceYear,
      ...(alarmThreshold !== undefined && { threshold: alarmThreshold }),
    });
    const reference = profile.digests.reference.slice(0, digits);
    return { model, version, reference, profile, monitor };
  }

  function monitorOf(bundle: ProfiledBundle, reference: string): Promise<BundleMonitor> {
    const found = built.get(reference);
    if (found !== undefined) return found;
    const monitor = build(bundle);
    built.set(reference, monitor);
    // What could not be read now may be readable later.
    monitor.catch(() => built.delete(reference));
    return monitor;
  }

  return {
    async find({ bins, reference }) {
      const bundle = await bundles.byReference(reference);
      if (bundle === undefined) return undefined;
      const monitor = await monitorOf(bundle, reference);
      return monitor.profile.digests.bins.startsWith(bins) ? monitor : undefined;
    },
  };
}
