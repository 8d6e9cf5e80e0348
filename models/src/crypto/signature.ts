import { type KeyObject, sign, verify } from 'node:crypto';

/** `der` is what DSSE and X.509 carry, `p1363` (64 raw bytes) what JWT and WebCrypto do. */
export type SignatureEncoding = 'der' | 'p1363';

const encodings = { der: 'der', p1363: 'ieee-p1363' } as const;

/** ECDSA with SHA-256 over bytes. */
export function signBytes(
  bytes: Uint8Array,
  privateKey: KeyObject,
  encoding: SignatureEncoding,
): Uint8Array {
  return new Uint8Array(
    sign('sha256', bytes, { key: privateKey, dsaEncoding: encodings[encoding] }),
  );
}

/** What to check: bytes, and a signature in one of two encodings. */
export interface SignatureClaim {
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
  readonly encoding: SignatureEncoding;
}

/** Whether a signature belongs to bytes and key; false for bytes that are no signature at all. */
export function verifyBytes(claim: SignatureClaim, publicKey: KeyObject): boolean {
  const key = { key: publicKey, dsaEncoding: encodings[claim.encoding] };
  return verify('sha256', claim.bytes, key, claim.signature);
}
