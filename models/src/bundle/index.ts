export {
  BlobEntry,
  Manifest,
  ModelInput,
  readManifest,
  Task,
  WindowPolicy,
} from './manifest.ts';
export type { Sha256, Signer, Verifier } from './ports.ts';
