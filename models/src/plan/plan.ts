import type { DeviceClass } from '@edgewise/protocol';
import type { QuantizeOptions } from '../shrink/quantize/options.ts';

/** Ways to shrink a model; several device classes share one. */
export const schemes = {
  u8s8: { activations: 'u8', perChannel: true, reduceRange: false },
  'u8s8-reduced': { activations: 'u8', perChannel: true, reduceRange: true },
  s8s8: { activations: 's8', perChannel: true, reduceRange: false },
  'weight-only': 'weight-only',
} as const satisfies Record<string, QuantizeOptions | 'weight-only'>;
export type Scheme = keyof typeof schemes;

/** How a model is built for one device class. */
export interface VariantPlan {
  readonly deviceClass: DeviceClass;
  readonly scheme: Scheme;
  /** Numbers computed in int8, or only stored in it. */
  readonly quantize: QuantizeOptions | 'weight-only';
  /** One sentence for people: why this class gets this scheme. */
  readonly reason: string;
}

/**
 * What each processor is right and fast with. Measured with onnxruntime 1.30: without VNNI, x64 adds
 * pairs of products in 16 bits, which saturate unless weights have seven; with it, unsigned
 * activations run 1.8 times as fast as float and signed ones no faster; ARM without a dot product
 * wraps where a weight is -128, which symmetric weights never are; in WebAssembly depthwise and dense
 * layers take twice as long in int8 as in float. Classes without a row have no build of their own.
 */
const table: Readonly<
  Partial<Record<DeviceClass, { readonly scheme: Scheme; readonly reason: string }>>
> = {
  x64: {
    scheme: 'u8s8-reduced',
    reason:
      'Without VNNI pairs of products are added in 16 bits and saturate; seven-bit weights keep every sum exact.',
  },
  'x64-vnni': {
    scheme: 'u8s8',
    reason: 'VNNI adds unsigned by signed products in 32 bits: full range, exact and fastest.',
  },
  arm64: {
    scheme: 's8s8',
    reason:
      'ARM multiplies signed bytes; without a dot product a weight of -128 would wrap, so none is below -127.',
  },
  'arm64-dot': {
    scheme: 's8s8',
    reason: 'The dot product of ARM takes signed bytes: full range, exact and fastest.',
  },
  'web-wasm': {
    scheme: 'weight-only',
    reason:
      'WebAssembly computes most int8 layers more slowly than float: weights travel as int8 and are computed in float.',
  },
};

/** How a model is built for a device class; `undefined` for a class without a build of its own. */
export function planVariant(deviceClass: DeviceClass): VariantPlan | undefined {
  const row = table[deviceClass];
  return row && { deviceClass, ...row, quantize: schemes[row.scheme] };
}

/** The plans for these classes, each once and in alphabetical order; classes without a build are left out. */
export function planVariants(deviceClasses: readonly DeviceClass[]): readonly VariantPlan[] {
  return [...new Set(deviceClasses)].sort().flatMap((each) => planVariant(each) ?? []);
}

/** The schemes of some plans, each once. */
export function schemesOf(plans: readonly VariantPlan[]): readonly Scheme[] {
  return [...new Set(plans.map(({ scheme }) => scheme))].sort();
}

/** The classes that there are builds for. */
export function plannedClasses(): readonly DeviceClass[] {
  return Object.keys(table) as DeviceClass[];
}

/**
 * How a scheme's graph is to be run on this machine so that it gives what the device it is for will
 * give. Full-range int8 saturates on x64 without VNNI, and the native engine rounds activations where
 * only weights are int8; there the graph as written, in float steps, stands in.
 */
export function optimiseFor(scheme: Scheme, host: DeviceClass): 'none' | 'all' {
  if (scheme === 'weight-only') return 'none';
  return scheme !== 'u8s8-reduced' && host === 'x64' ? 'none' : 'all';
}
