import type { BundleRef, DeviceClass } from '@edgewise/protocol';
import type { Variant } from '@edgewise/protocol/http';

/** Builds that a class can run besides its own: the plainer ones of its processor. */
const plainer: Readonly<Partial<Record<DeviceClass, DeviceClass>>> = {
  'x64-vnni': 'x64',
  'arm64-dot': 'arm64',
};

/** The variant for a device class: its own, else the plainer one of its processor. */
export function pickVariant(
  variants: readonly Variant[],
  deviceClass: DeviceClass,
): BundleRef | undefined {
  const of = (wanted: DeviceClass | undefined) =>
    variants.find((variant) => variant.deviceClass === wanted)?.bundle;
  return of(deviceClass) ?? of(plainer[deviceClass]);
}
