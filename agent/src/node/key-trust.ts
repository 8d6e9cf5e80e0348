import { verifyEnvelope, verifyManifest } from '@edgewise/models/bundle';
import { createVerifier, sha256 } from '@edgewise/models/crypto';
import { payloadTypes } from '@edgewise/protocol';
import type { Trust } from '../core/trust.ts';

/** Public keys that enrolment gave the device, as PEM. */
export interface TrustedKeys {
  /** Signs orders. */
  readonly hubPublicKey: string;
  /** Sign bundles. */
  readonly bundleKeys: readonly string[];
}

/** Trusts documents and bundles of these keys. */
export function createKeyTrust(keys: TrustedKeys): Trust {
  const hub = [createVerifier(keys.hubPublicKey)];
  const verifiers = keys.bundleKeys.map(createVerifier);
  return {
    openEnvelope: (envelope, kind) => verifyEnvelope(envelope, payloadTypes[kind], hub),
    openManifest: (manifest, signature) =>
      verifyManifest(manifest, signature, { verifiers, sha256 }),
  };
}
