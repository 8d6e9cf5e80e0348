import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { sha256 } from '@edgewise/models/crypto';
import { FleetError } from '@edgewise/protocol';

interface OpenSocketOptions {
  readonly isTls: boolean;
  /** Used when the address names none. */
  readonly defaultPort: number;
  /** SHA-256 of the public key (DER SubjectPublicKeyInfo) that the peer must hold over TLS. */
  readonly fingerprint: string;
  readonly signal: AbortSignal;
}

/**
 * Opens a socket without delay. Over TLS the peer must hold the pinned key, or a certificate that
 * the machine trusts, and it is checked before a byte is sent. Rejects with `unavailable` or
 * `unauthenticated`.
 */
export async function openSocket(url: URL, options: OpenSocketOptions): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || options.defaultPort);
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = options.isTls
    ? connectTls({ host, port, ...servername, rejectUnauthorized: false })
    : connectTcp({ host, port });
  socket.setNoDelay(true);
  await connected(socket, url, options);
  if (options.isTls && !isPinned(socket as TLSSocket, options.fingerprint)) {
    socket.destroy();
    const reason = `${url.host} holds another key than the hub that we look for; nothing was sent.`;
    throw new FleetError('unauthenticated', reason);
  }
  return socket;
}

async function connected(
  socket: Socket,
  url: URL,
  { isTls, signal }: OpenSocketOptions,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  const onAbort = () => done.reject(FleetError.from(signal.reason));
  socket.once(isTls ? 'secureConnect' : 'connect', () => done.resolve());
  // Also after the connection stands: an error without a listener would end the process.
  socket.on('error', (cause) => done.reject(unreachable(url, cause)));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await done.promise;
  } catch (thrown) {
    socket.destroy();
    throw thrown;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function unreachable(url: URL, cause: Error): FleetError {
  const { code } = FleetError.from(cause);
  const reason = `${url.host} cannot be reached: ${cause.message}`;
  return new FleetError(code === 'timeout' ? code : 'unavailable', reason, { cause });
}

function isPinned(socket: TLSSocket, fingerprint: string): boolean {
  if (socket.authorized) return true;
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key !== undefined && sha256(key.export({ type: 'spki', format: 'der' })) === fingerprint;
}
