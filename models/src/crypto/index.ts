export { sha256 } from './digest.ts';
export {
  createSigner,
  createVerifier,
  type Es256,
  type Es256Check,
  fingerprintOf,
  generateKey,
  type KeyPair,
  publicKeyOf,
} from './keys.ts';
export {
  type SignatureClaim,
  type SignatureEncoding,
  signBytes,
  verifyBytes,
} from './signature.ts';
