import type { TLSSocket } from 'node:tls';
import { sha256 } from '@edgewise/models/crypto';

/**
 * Whether the peer of a TLS connection is the one we look for: its certificate carries the key with
 * this fingerprint (SHA-256 of the DER SubjectPublicKeyInfo), or the machine trusts its issuer.
 */
export function isPinned(socket: TLSSocket, fingerprint: string): boolean {
  if (socket.authorized) return true;
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key !== undefined && sha256(key.export({ type: 'spki', format: 'der' })) === fingerprint;
}
