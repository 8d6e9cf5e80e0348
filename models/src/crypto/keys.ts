import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { FleetError } from '@edgewise/protocol';
import type { Signer, Verifier } from '../bundle/ports.ts';
import { sha256 } from './digest.ts';
import { signBytes, verifyBytes } from './signature.ts';

/** A fresh key as text: what is kept, and what is given away. */
export interface KeyPair {
  /** PEM of PKCS #8, not encrypted: store it readable by its owner only. */
  readonly privateKeyPem: string;
  /** PEM of a SubjectPublicKeyInfo. */
  readonly publicKeyPem: string;
}

/** Makes a key on P-256, the one curve that TPMs, secure elements and browsers share. */
export function generateKey(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKeyPem: toPkcs8(privateKey), publicKeyPem: toSpki(publicKey) };
}

/** PEM of the public half of a private key. */
export function publicKeyOf(privateKeyPem: string): string {
  return toSpki(createPublicKey(readPrivate(privateKeyPem)));
}

/** Signs with a private key in memory. Throws `invalid-argument` unless it is P-256 in PEM. */
export function createSigner(privateKeyPem: string): Signer & Es256 {
  const key = readPrivate(privateKeyPem);
  return {
    publicKeyPem: toSpki(createPublicKey(key)),
    sign: (bytes) => Promise.resolve(signBytes(bytes, key, 'der')),
    signP1363: (bytes) => signBytes(bytes, key, 'p1363'),
  };
}

/** The other encoding of the same signature: 64 raw bytes, as JWT (ES256, RFC 7518 3.4) wants them. */
export interface Es256 {
  signP1363(bytes: Uint8Array): Uint8Array;
}

/** Checks with a public key. Throws `invalid-argument` unless it is P-256 in PEM. */
export function createVerifier(publicKeyPem: string): Verifier & Es256Check {
  const key = readPublic(publicKeyPem);
  return {
    publicKeyPem: toSpki(key),
    verify: (bytes, signature) =>
      Promise.resolve(verifyBytes({ bytes, signature, encoding: 'der' }, key)),
    verifyP1363: (bytes, signature) => verifyBytes({ bytes, signature, encoding: 'p1363' }, key),
  };
}

/** Checks the encoding of `Es256`. */
export interface Es256Check {
  verifyP1363(bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** SHA-256, hexadecimal, of a public key as DER SubjectPublicKeyInfo: the key's name everywhere. */
export function fingerprintOf(publicKeyPem: string): string {
  return sha256(new Uint8Array(readPublic(publicKeyPem).export({ type: 'spki', format: 'der' })));
}

function readPrivate(pem: string): KeyObject {
  return onP256(() => createPrivateKey(pem));
}

function readPublic(pem: string): KeyObject {
  // A private key would be accepted and quietly reduced to its public half.
  if (pem.includes('PRIVATE')) {
    throw new FleetError('invalid-argument', 'A private key stands where a public one belongs.');
  }
  return onP256(() => createPublicKey(pem));
}

function onP256(read: () => KeyObject): KeyObject {
  const key = tryRead(read);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new FleetError('invalid-argument', 'The key is not on the curve P-256.');
  }
  return key;
}

function tryRead(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch (cause) {
    throw new FleetError('invalid-argument', 'The text is not a key in PEM.', { cause });
  }
}

function toSpki(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }) as string;
}

function toPkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}
