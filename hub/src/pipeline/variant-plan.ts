import type { QuantizeOptions } from '@edgewise/models/shrink';
import type { DeviceClass } from '@edgewise/protocol';

/** Ways to shrink; several device classes share one. */
export const schemes = {
  u8s8: { activations: 'u8', perChannel: true, reduceRange: false },
  'u8s8-reduced': { activations: 'u8', perChannel: true, reduceRange: true },
  s8s8: { activations: 's8', perChannel: true, reduceRange: false },
} as const satisfies Record<string, QuantizeOptions>;
export type Scheme = keyof typeof schemes;

/**
 * How a model is built per device class. x64 without VNNI adds pairs of products in 16 bits, which
 * saturate unless weights have seven; ARM is fastest with signed activations. Browsers and Edge TPU
 * need builds of other kinds and have none here.
 */
const schemeOf: Readonly<Partial<Record<DeviceClass, Scheme>>> = {
  x64: 'u8s8-reduced',
  'x64-vnni': 'u8s8',
  arm64: 's8s8',
  'arm64-dot': 's8s8',
};

/** A variant that is to be built. */
export interface VariantPlan {
  readonly deviceClass: DeviceClass;
  readonly scheme: Scheme;
}

/** Device classes that every version is built for, whoever is enrolled: a server has one of them. */
export const usualClasses: readonly DeviceClass[] = ['x64', 'x64-vnni'];

/** The variants for these classes, each once; classes that no scheme serves are left out. */
export function planVariants(deviceClasses: readonly DeviceClass[]): readonly VariantPlan[] {
  return [...new Set(deviceClasses)].sort().flatMap((deviceClass) => {
    const scheme = schemeOf[deviceClass];
    return scheme === undefined ? [] : [{ deviceClass, scheme }];
  });
}

/** The schemes of some variants, each once. */
export function schemesOf(plans: readonly VariantPlan[]): readonly Scheme[] {
  return [...new Set(plans.map(({ scheme }) => scheme))].sort();
}
