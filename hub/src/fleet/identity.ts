import type { Signer } from '@edgewise/models/bundle';

/** Who this hub is: its names and keys. */
export interface Identity {
  /** Names the hub in sign-in tokens. */
  readonly hub: string;
  readonly fleet: string;
  /** Signs targets, commands and enrolments. */
  readonly signer: Signer;
  /** PEM (PKCS #8) of that key: TLS certificates are made on it. */
  readonly privateKeyPem: string;
  /** SHA-256 of its public half: what enrolment tokens carry. */
  readonly fingerprint: string;
  /** Signs bundles; a key of its own, so that it can be kept elsewhere. */
  readonly bundleSigner: Signer;
  /** Every key that may have signed a bundle of this fleet. */
  readonly bundleKeys: readonly string[];
}
