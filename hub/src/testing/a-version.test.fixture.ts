import { sha256 } from '@edgewise/models/crypto';
import type { BundleRef, DeviceClass } from '@edgewise/protocol';
import type { ModelVersion } from '@edgewise/protocol/http';

const digestOf = (text: string): string => sha256(new TextEncoder().encode(text));

/** Names a bundle that need not exist. */
export function aBundle(version: number, deviceClass: DeviceClass = 'x64-vnni'): BundleRef {
  const manifest = digestOf(`manifest ${version} ${deviceClass}`);
  return {
    ...{ model: 'digits', version, deviceClass, manifest, manifestSizeBytes: 10 },
    ...{ signature: digestOf(`signature ${version} ${deviceClass}`), signatureSizeBytes: 10 },
  };
}

/** A version that passed its gate, for x64 with and without VNNI. */
export function aVersion(version: number, change: Partial<ModelVersion> = {}): ModelVersion {
  const variants = (['x64', 'x64-vnni'] as const).map((deviceClass) => ({
    ...{ deviceClass, bundle: aBundle(version, deviceClass) },
    ...{ scheme: null, reason: null, accuracy: 0.98, graphBytes: 10, bundleBytes: 20 },
  }));
  return {
    ...{ model: 'digits', version, createdAtMs: 1, run: `run-${version}`, variants },
    ...{ snapshot: digestOf('snapshot'), recipe: digestOf('recipe'), parent: null },
    fp32: { accuracy: 0.98, graphBytes: 40, digest: digestOf(`graph ${version}`) },
    gate: { verdict: 'pass', checks: [] },
    servedBy: [],
    ...change,
  };
}
