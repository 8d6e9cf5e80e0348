/** SHA-256 of bytes as 64 lower-case hexadecimal digits. */
export type Sha256 = (bytes: Uint8Array) => string;

/** Signs with one private key on P-256; the key may live where nobody can read it. */
export interface Signer {
  /** Public half: PEM of a SubjectPublicKeyInfo. */
  readonly publicKeyPem: string;
  /** ECDSA with SHA-256 over `bytes`, DER-encoded. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Checks signatures of one public key on P-256. */
export interface Verifier {
  readonly publicKeyPem: string;
  /** Whether `signature` (DER) is ECDSA with SHA-256 of this key over `bytes`; false for any nonsense. */
  verify(bytes: Uint8Array, signature: Uint8Array): Promise<boolean>;
}
