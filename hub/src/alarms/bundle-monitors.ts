import { readManifest } from '@edgewise/models/bundle';
import { sha256 } from '@edgewise/models/crypto';
import { decodeProfile, type Profile } from '@edgewise/models/profile';
import type { ModelPolicies } from '@edgewise/protocol/http';
import type { DeviceMonitor } from '../monitor/device-monitor.ts';
import { watchProfile } from '../monitor/watch-profile.ts';
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

/** Builds monitors from the profiles of registered bundles, each once. */
export function createBundleMonitors({
  registry,
  blobs,
}: {
  readonly registry: Registry;
  readonly blobs: BlobStore;
}): BundleMonitors {
  const known = new Map<string, BundleMonitor>();
  const read = new Set<string>();
  const missing = new Set<string>();
  registry.versionAdded.on(() => missing.clear());
  // Other policies, other alarm lines; what is remembered of the devices stays.
  registry.modelChanged.on(() => {
    for (const cache of [known, read, missing]) cache.clear();
  });
  let reading: Promise<void> = Promise.resolve();

  async function learn(): Promise<void> {
    for (const { id, policies } of await registry.models()) {
      for (const { version, variants } of await registry.versions(id)) {
        for (const { bundle } of variants) {
          if (read.has(bundle.manifest)) continue;
          await add(bundle.manifest, { model: id, version, policies });
          read.add(bundle.manifest);
        }
      }
    }
  }

  async function add(
    digest: string,
    of: { readonly model: string; readonly version: number; readonly policies: ModelPolicies },
  ): Promise<void> {
    const manifest = readManifest(await blobs.get(digest));
    const file = manifest.blobs.find(({ name }) => name === 'profile.json');
    if (file === undefined || manifest.profile === undefined) return;
    const profile = decodeProfile(await blobs.get(file.sha256), { sha256 });
    const reference = profile.digests.reference.slice(0, digits);
    const key = keyOf({ bins: profile.digests.bins.slice(0, digits), reference });
    if (known.has(key)) return;
    const { model, version, policies } = of;
    const { alarmThreshold, falseAlarmsPerDeviceYear } = policies;
    const monitor = watchProfile(profile, {
      falseAlarmsPerDeviceYear,
      ...(alarmThreshold !== undefined && { threshold: alarmThreshold }),
    });
    known.set(key, { model, version, reference, profile, monitor });
  }

  return {
    async find(window) {
      const key = keyOf(window);
      const found = known.get(key);
      if (found !== undefined || missing.has(key)) return found;
      reading = reading.catch(() => undefined).then(learn);
      await reading;
      if (!known.has(key)) missing.add(key);
      return known.get(key);
    },
  };
}

const keyOf = ({ bins, reference }: { readonly bins: string; readonly reference: string }) =>
  `${bins} ${reference}`;
