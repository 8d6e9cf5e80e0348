export { fromBase64, toBase64 } from './base64.ts';
export { blobEntry, blockCount, splitBlocks } from './blocks.ts';
export { assertRunsOn, formatVersion, type Host } from './compatibility.ts';
export { signEnvelope, verifyEnvelope } from './dsse.ts';
export {
  chooseExtremes,
  type ExtremesOptions,
  type GoldenChooser,
  type GoldenOptions,
  makeGolden,
} from './golden.ts';
export { decodeGolden, encodeGolden, type Golden } from './golden-file.ts';
export {
  BlobEntry,
  Manifest,
  ModelInput,
  readManifest,
  Task,
  WindowPolicy,
} from './manifest.ts';
export { type SignedFiles, signFiles, verifyFiles } from './model-signing.ts';
export { type BundleFacts, type PackedBundle, type PackOptions, packBundle } from './pack.ts';
export { checkParity, type ParityCertificate, type ParityOptions } from './parity.ts';
export type { Sha256, Signer, Verifier } from './ports.ts';
export { pickVectors, sliceVectors } from './vectors.ts';
export {
  assertBlob,
  type BundleVerdict,
  manifestName,
  signatureName,
  type VerifyOptions,
  verifyBundle,
  verifyManifest,
} from './verify.ts';
