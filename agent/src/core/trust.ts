import type { Manifest } from '@edgewise/models/bundle';
import type { PayloadKind, SignedEnvelope } from '@edgewise/protocol';

/** What a device believes, and whom. Owned by the core; keys and algorithms are its adapters' business. */
export interface Trust {
  /** The payload of an envelope of this kind that the hub signed. Rejects with `signature-invalid`. */
  openEnvelope(envelope: SignedEnvelope, kind: PayloadKind): Promise<Uint8Array>;
  /** The manifest that `signature` vouches for. Rejects with `signature-invalid` or `malformed`. */
  openManifest(manifest: Uint8Array, signature: Uint8Array): Promise<Manifest>;
}
