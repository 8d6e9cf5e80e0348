import { type DeviceClass, FleetError } from '@edgewise/protocol';
import type { Manifest } from './manifest.ts';

/** Who is about to run a bundle. */
export interface Host {
  readonly deviceClass: DeviceClass;
  /** The agent's semantic version, `major.minor.patch`. */
  readonly agentVersion: string;
}

/** The newest layout of bundles that this build reads. */
export const formatVersion = 1;

/**
 * Refuses a bundle that is whole but not for this host. Throws `newer-version` for a later layout,
 * `incompatible` for another device class or an agent that is too old.
 */
export function assertRunsOn(manifest: Manifest, host: Host): void {
  if (manifest.formatVersion > formatVersion) {
    throw new FleetError(
      'newer-version',
      `The bundle has layout ${manifest.formatVersion}, we read up to ${formatVersion}.`,
    );
  }
  if (manifest.deviceClass !== host.deviceClass) {
    throw new FleetError(
      'incompatible',
      `The bundle is for ${manifest.deviceClass}, this device is ${host.deviceClass}.`,
    );
  }
  if (isOlder(host.agentVersion, manifest.minAgent)) {
    throw new FleetError(
      'incompatible',
      `The bundle needs agent ${manifest.minAgent}, this is ${host.agentVersion}.`,
    );
  }
}

/** Whether semantic version `a` comes before `b`, by numbers (Semantic Versioning 2.0.0, 11.2). */
function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split(/[.+-]/).map(Number));
  for (let part = 0; part < 3; part++) {
    const difference = (left?.[part] ?? 0) - (right?.[part] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
