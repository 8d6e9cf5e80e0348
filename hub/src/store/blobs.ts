/**
 * Bytes by their SHA-256. Promises of every implementation: `put` resolves when the bytes are
 * durable; what was put is never altered, only removed; `get` checks the digest and rejects with
 * `digest-mismatch` for a damaged blob and `not-found` for a missing one.
 */
export interface BlobStore {
  /** Returns the digest, 64 hexadecimal digits. */
  put(bytes: Uint8Array): Promise<string>;
  get(digest: string): Promise<Uint8Array>;
  has(digest: string): Promise<boolean>;
  /** Size in bytes; `undefined` when missing. */
  size(digest: string): Promise<number | undefined>;
  /** Forgets a blob that nothing needs any more; one that is missing already is no fault. */
  remove(digest: string): Promise<void>;
}
